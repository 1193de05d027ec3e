// node-postgres with pgvector-node: named statements, cursors, COPY, its pool
import fs from 'node:fs';
import {createRequire} from 'node:module';
import {pipeline} from 'node:stream/promises';
import {Readable} from 'node:stream';
const require = createRequire(process.env.CLIENTS_NODE + '/');
const pg = require('pg');
const Cursor = require('pg-cursor');
const {from: copyFrom} = require('pg-copy-streams');
const pgvector = require('pgvector/pg');

const {rows, queries} = JSON.parse(fs.readFileSync(process.env.CLIENT_DATA, 'utf8'));
const COLUMNS = ['id', 'title', 'lang', 'n', 'price', 'ok', 'tags', 'meta', 'embedding'];
const NAMES = COLUMNS.join(', ');
const PLACES = COLUMNS.map((_, i) => '$' + (i + 1)).join(', ');
const values = (r) => COLUMNS.map((c) => c === 'embedding' ? pgvector.toSql(r[c]) : c === 'meta' ? JSON.stringify(r[c]) : r[c]);
// bigint comes as a text
const plain = (r) => COLUMNS.map((c) => c === 'id' ? Number(r[c]) : r[c]);
const ranking = (result) => result.rows.map((r) => [Number(r.id), r.d]);
const ids = (result) => result.rows.map((r) => Number(r.id));

async function wholeLife(db, table, tell, notices) {
	const items = 'items_' + table, notes = 'notes_' + table;
	const insert = `INSERT INTO ${items} (${NAMES}) VALUES (${PLACES})`;
	await db.query(`DELETE FROM ${items}`);

	// loading
	for (const r of rows.slice(0, 10))
		await db.query({name: 'insert ' + table, text: insert, values: values(r)});
	const many = rows.slice(10, 60);
	tell('insert_values', (await db.query(
		`INSERT INTO ${items} (${NAMES}) VALUES ` + many.map((_, i) => '(' + COLUMNS.map((_, j) => '$' + (i * COLUMNS.length + j + 1)).join(', ') + ')').join(', '),
		many.flatMap(values))).rowCount);
	const line = (r) => COLUMNS.map((c) => c === 'embedding' || c === 'meta' ? JSON.stringify(r[c]) : c === 'tags' ? '{' + r[c].map((t) => JSON.stringify(t)).join(',') + '}' : String(r[c]))
		.map((v) => v.replace(/\\/g, '\\\\').replace(/\t/g, '\\t')).join('\t') + '\n';
	const into = db.query(copyFrom(`COPY ${items} (${NAMES}) FROM STDIN`));
	await pipeline(Readable.from(rows.slice(60).map(line)), into);
	tell('copy', into.rowCount);

	// reading
	tell('all', (await db.query(`SELECT ${NAMES} FROM ${items} ORDER BY id`)).rows.map(plain));
	tell('keys', ids(await db.query(`SELECT id FROM ${items} WHERE id = ANY($1) ORDER BY id`, [[3, 1, 77, 999]])));
	tell('filters', ids(await db.query(`SELECT id FROM ${items} WHERE lang = ANY($1) AND title LIKE $2 AND price > $3 AND tags && $4 ORDER BY id`, [['fr', '日本'], '%1%', 1.5, ['a', 'c d']])));
	tell('json', ids(await db.query(`SELECT id FROM ${items} WHERE meta @> $1 ORDER BY id`, [{k: 2}])));
	const cursor = db.query(new Cursor(`SELECT id FROM ${items} WHERE n < $1 ORDER BY id`, [5]));
	const read = [];
	for (let some; (some = await cursor.read(30)).length > 0;)
		read.push(...some.map((r) => Number(r.id)));
	await cursor.close();
	tell('cursor', read);

	// searching: unnamed statements and named ones, which are prepared once
	for (const op of ['<->', '<=>', '<#>']) {
		for (let i = 0; i < queries.length; i++) {
			tell(`nearest:${op} ${i}`, ranking(await db.query(`SELECT id, embedding ${op} $1 AS d FROM ${items} ORDER BY d LIMIT 10`, [pgvector.toSql(queries[i])])));
			tell(`nearest:${op} named ${i}`, ranking(await db.query({name: `near ${op} ${table}`, text: `SELECT id, embedding ${op} $1 AS d FROM ${items} ORDER BY d LIMIT $2 OFFSET $3`, values: [pgvector.toSql(queries[i]), 10, i]})));
		}
		tell(`nearest:${op} filter`, ranking(await db.query(`SELECT id, embedding ${op} $1 AS d FROM ${items} WHERE lang = $2 AND n > $3 ORDER BY d LIMIT 10`, [pgvector.toSql(queries[0]), 'en', 2])));
	}

	// changing
	for (let i = 0; i < 7; i++)
		tell(`update ${i}`, (await db.query({name: 'update ' + table, text: `UPDATE ${items} SET title = $1, embedding = $2, meta = $3 WHERE id = $4`, values: ['neu ' + i, pgvector.toSql(queries[i]), {new: i}, 5 + i]})).rowCount);
	tell('update_returning', (await db.query(`UPDATE ${items} SET price = price * $1 WHERE id = ANY($2) RETURNING price`, [2, [20]])).rows);
	tell('delete', (await db.query(`DELETE FROM ${items} WHERE id = ANY($1)`, [[40, 41, 999]])).rowCount);
	tell('after', (await db.query(`SELECT ${NAMES} FROM ${items} ORDER BY id`)).rows.map(plain));
	const key = (await db.query(`INSERT INTO ${notes} (title, embedding) VALUES ($1, $2) RETURNING id`, ['n', pgvector.toSql(queries[0])])).rows[0].id;
	tell('auto_id', (await db.query(`SELECT title FROM ${notes} WHERE id = $1`, [key])).rows);
	await db.query(`DELETE FROM ${notes}`);

	// conflicts, and ROLLBACK
	for (const [step, clause] of [['do_nothing', 'ON CONFLICT DO NOTHING'], ['do_update', 'ON CONFLICT (id) DO UPDATE SET title = excluded.title']]) {
		try {
			tell(step, [(await db.query(`${insert} ${clause}`, values({...rows[0], title: 'again'}))).rowCount, (await db.query(`SELECT title FROM ${items} WHERE id = 1`)).rows]);
		} catch (e) {
			if (!e.code)
				throw e;
			tell(step, {error: e.code});
		}
	}
	notices.length = 0;
	await db.query('BEGIN');
	await db.query(insert, values({...rows[0], id: 950}));
	await db.query('ROLLBACK');
	tell('rollback', {rows: (await db.query(`DELETE FROM ${items} WHERE id = 950`)).rowCount, warned: notices.some((n) => n.includes('not rolled back'))});
}

for (const table of process.argv.slice(2)) {
	const tell = (step, value) => process.stdout.write(JSON.stringify({table, step, value}) + '\n');
	const db = new pg.Client(), notices = [];
	db.on('notice', (n) => notices.push(n.message));
	await db.connect();
	await pgvector.registerTypes(db);
	await wholeLife(db, table, tell, notices);
	await db.end();
	const pool = new pg.Pool({max: 2});
	const found = await Promise.all(queries.map((q) => pool.query(`SELECT id, embedding <=> $1 AS d FROM items_${table} ORDER BY d LIMIT 5`, [pgvector.toSql(q)])));
	found.forEach((f, i) => tell(`nearest:pool ${i}`, ranking(f)));
	await pool.end();
}
