// pgx with pgvector-go: the extended protocol with statements that pgx prepares and caches, values in binary, COPY, batches, its pool.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pgvector/pgvector-go"
	pgxvec "github.com/pgvector/pgvector-go/pgx"
)

type Item struct {
	ID        int64           `json:"id" db:"id"`
	Title     string          `json:"title" db:"title"`
	Lang      string          `json:"lang" db:"lang"`
	N         int32           `json:"n" db:"n"`
	Price     float64         `json:"price" db:"price"`
	OK        bool            `json:"ok" db:"ok"`
	Tags      []string        `json:"tags" db:"tags"`
	Meta      map[string]any  `json:"meta" db:"meta"`
	Embedding pgvector.Vector `json:"-" db:"embedding"`
	Raw       []float32       `json:"embedding" db:"-"`
}

const names = "id, title, lang, n, price, ok, tags, meta, embedding"
const places = "$1, $2, $3, $4, $5, $6, $7, $8, $9"

var ctx = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (r Item) values() []any {
	return []any{r.ID, r.Title, r.Lang, r.N, r.Price, r.OK, r.Tags, r.Meta, pgvector.NewVector(r.Raw)}
}

func plain(rows pgx.Rows, err error) [][]any {
	all := [][]any{}
	for _, r := range must(pgx.CollectRows(must(rows, err), pgx.RowToStructByName[Item])) {
		all = append(all, []any{r.ID, r.Title, r.Lang, r.N, r.Price, r.OK, r.Tags, r.Meta, r.Embedding.Slice()})
	}
	return all
}

func ranking(rows pgx.Rows, err error) [][]any {
	return must(pgx.CollectRows(must(rows, err), func(row pgx.CollectableRow) ([]any, error) {
		var id int64
		var d float64
		err := row.Scan(&id, &d)
		return []any{id, d}, err
	}))
}

func ids(rows pgx.Rows, err error) []int64 {
	return must(pgx.CollectRows(must(rows, err), pgx.RowTo[int64]))
}

func main() {
	var data struct {
		Rows    []Item      `json:"rows"`
		Queries [][]float32 `json:"queries"`
	}
	if err := json.Unmarshal(must(os.ReadFile(os.Getenv("CLIENT_DATA"))), &data); err != nil {
		panic(err)
	}
	for _, table := range os.Args[1:] {
		tell := func(step string, value any) {
			fmt.Println(string(must(json.Marshal(map[string]any{"table": table, "step": step, "value": value}))))
		}
		wholeLife(table, data.Rows, data.Queries, tell)
	}
}

func wholeLife(table string, rows []Item, queries [][]float32, tell func(string, any)) {
	items, notes := "items_"+table, "notes_"+table
	insert := "INSERT INTO " + items + " (" + names + ") VALUES (" + places + ")"
	notices := []string{}
	config := must(pgx.ParseConfig(""))
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
	db := must(pgx.ConnectConfig(ctx, config))
	defer db.Close(ctx)
	if err := pgxvec.RegisterTypes(ctx, db); err != nil {
		panic(err)
	}
	must(db.Exec(ctx, "DELETE FROM "+items))

	// loading: one by one, a batch, COPY in binary
	for _, r := range rows[:10] {
		must(db.Exec(ctx, insert, r.values()...))
	}
	batch := &pgx.Batch{}
	for _, r := range rows[10:30] {
		batch.Queue(insert, r.values()...)
	}
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		panic(err)
	}
	tell("copy", must(db.CopyFrom(ctx, pgx.Identifier{items}, strings.Split(names, ", "),
		pgx.CopyFromSlice(len(rows)-30, func(i int) ([]any, error) { return rows[30+i].values(), nil }))))

	// reading
	all := "SELECT " + names + " FROM " + items + " ORDER BY id"
	tell("all", plain(db.Query(ctx, all)))
	tell("keys", ids(db.Query(ctx, "SELECT id FROM "+items+" WHERE id = ANY($1) ORDER BY id", []int64{3, 1, 77, 999})))
	tell("filters", ids(db.Query(ctx, "SELECT id FROM "+items+" WHERE lang = ANY($1) AND title LIKE $2 AND price > $3 AND tags && $4 ORDER BY id",
		[]string{"fr", "日本"}, "%1%", 1.5, []string{"a", "c d"})))
	tell("json", ids(db.Query(ctx, "SELECT id FROM "+items+" WHERE meta @> $1 ORDER BY id", map[string]any{"k": 2})))
	tx := must(db.Begin(ctx))
	must(tx.Exec(ctx, "DECLARE c CURSOR FOR SELECT id FROM "+items+" WHERE n < 5 ORDER BY id"))
	read := []int64{}
	for {
		some := ids(tx.Query(ctx, "FETCH 30 FROM c"))
		if len(some) == 0 {
			break
		}
		read = append(read, some...)
	}
	if err := tx.Commit(ctx); err != nil {
		panic(err)
	}
	tell("cursor", read)

	// searching: the default (prepared and cached), described each time, and the simple protocol
	for _, op := range []string{"<->", "<=>", "<#>"} {
		near := "SELECT id, embedding " + op + " $1 AS d FROM " + items + " ORDER BY d LIMIT $2"
		for i, q := range queries {
			tell(fmt.Sprintf("nearest:%s %d", op, i), ranking(db.Query(ctx, near, pgvector.NewVector(q), 10)))
		}
		q := pgvector.NewVector(queries[0])
		tell("nearest:"+op+" exec", ranking(db.Query(ctx, near, pgx.QueryExecModeExec, q, 10)))
		tell("nearest:"+op+" describe", ranking(db.Query(ctx, near, pgx.QueryExecModeDescribeExec, q, 10)))
		tell("nearest:"+op+" simple", ranking(db.Query(ctx, near, pgx.QueryExecModeSimpleProtocol, q, 10)))
		tell("nearest:"+op+" filter", ranking(db.Query(ctx,
			"SELECT id, embedding "+op+" $1 AS d FROM "+items+" WHERE lang = $2 AND n > $3 AND ok ORDER BY d LIMIT 10", q, "en", 2)))
		tell("nearest:"+op+" page", ranking(db.Query(ctx, "SELECT id, embedding "+op+" $1 AS d FROM "+items+" ORDER BY d LIMIT 10 OFFSET $2", q, 10)))
	}
	batch = &pgx.Batch{}
	for _, q := range queries {
		batch.Queue("SELECT id, embedding <=> $1 AS d FROM "+items+" ORDER BY d LIMIT 3", pgvector.NewVector(q))
	}
	results := db.SendBatch(ctx, batch)
	for i := range queries {
		tell(fmt.Sprintf("nearest:batch %d", i), ranking(results.Query()))
	}
	if err := results.Close(); err != nil {
		panic(err)
	}

	// changing
	for i := range 7 {
		tell(fmt.Sprintf("update %d", i), must(db.Exec(ctx, "UPDATE "+items+" SET title = $1, embedding = $2, meta = $3 WHERE id = $4",
			fmt.Sprintf("neu %d", i), pgvector.NewVector(queries[i]), map[string]any{"new": i}, 5+i)).RowsAffected())
	}
	tell("delete", must(db.Exec(ctx, "DELETE FROM "+items+" WHERE id = ANY($1)", []int64{40, 41, 999})).RowsAffected())
	returned := ids(db.Query(ctx, "DELETE FROM "+items+" WHERE lang = $1 AND ok RETURNING id", "fr"))
	slices.Sort(returned)
	tell("delete_returning", returned)
	tell("after", plain(db.Query(ctx, all)))
	var key int64
	var title string
	if err := db.QueryRow(ctx, "INSERT INTO "+notes+" (title, embedding) VALUES ($1, $2) RETURNING id", "n", pgvector.NewVector(queries[0])).Scan(&key); err != nil {
		panic(err)
	}
	if err := db.QueryRow(ctx, "SELECT title FROM "+notes+" WHERE id = $1", key).Scan(&title); err != nil {
		panic(err)
	}
	tell("auto_id", title)
	must(db.Exec(ctx, "DELETE FROM "+notes))

	// conflicts, and ROLLBACK
	again := rows[0]
	again.Title = "again"
	for step, clause := range map[string]string{"do_nothing": " ON CONFLICT DO NOTHING", "do_update": " ON CONFLICT (id) DO UPDATE SET title = excluded.title"} {
		var failed *pgconn.PgError
		done, err := db.Exec(ctx, insert+clause, again.values()...)
		if errors.As(err, &failed) {
			tell(step, map[string]any{"error": failed.Code})
		} else {
			tell(step, must(done, err).RowsAffected())
		}
	}
	notices = nil
	tx = must(db.Begin(ctx))
	again.ID = 950
	must(tx.Exec(ctx, insert, again.values()...))
	if err := tx.Rollback(ctx); err != nil {
		panic(err)
	}
	left := must(db.Exec(ctx, "DELETE FROM "+items+" WHERE id = 950")).RowsAffected()
	tell("rollback", map[string]any{"rows": left, "warned": slices.ContainsFunc(notices, func(n string) bool { return strings.Contains(n, "not rolled back") })})

	pooled := must(pgxpool.ParseConfig("pool_max_conns=2"))
	pooled.AfterConnect = pgxvec.RegisterTypes
	pool := must(pgxpool.NewWithConfig(ctx, pooled))
	defer pool.Close()
	for i, q := range queries[:4] {
		tell(fmt.Sprintf("nearest:pool %d", i), ranking(pool.Query(ctx, "SELECT id, embedding <=> $1 AS d FROM "+items+" ORDER BY d LIMIT 5", pgvector.NewVector(q))))
	}
}
