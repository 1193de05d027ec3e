// JDBC with pgvector-java: server-side statements from the first use on, binary transfer, batches, COPY, cursors.
import com.pgvector.PGvector;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.util.PGobject;

public class Client {
	static final String NAMES = "id, title, lang, n, price, ok, tags, meta, embedding";
	static final String PLACES = "?, ?, ?, ?, ?, ?, ?, ?, ?";
	static List<Map<String, Object>> rows;
	static List<float[]> queries = new ArrayList<>();
	static String table;

	public static void main(String[] tables) throws Exception {
		// PostgreSQL reads the JSON: the JDK has no parser
		String data = Files.readString(Path.of(System.getenv("CLIENT_DATA")));
		for (String t : tables) {
			table = t;
			String url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?user=" + System.getenv("PGUSER")
				+ "&ApplicationName=java&prepareThreshold=1&binaryTransferEnable=0";
			try (Connection c = DriverManager.getConnection(url)) {
				PGvector.registerTypes(c);
				if (rows == null)
					read(c, data);
				wholeLife(c);
			}
			// rewritten batches, which send many rows as one INSERT
			try (Connection c = DriverManager.getConnection(url + "&reWriteBatchedInserts=true")) {
				PGvector.registerTypes(c);
				String items = "items_" + table;
				exec(c, "DELETE FROM " + items);
				batch(c, items, rows.subList(0, 50));
				tell(c, "rewritten", all(c, items));
			}
		}
	}

	static void read(Connection c, String data) throws SQLException {
		rows = new ArrayList<>();
		try (PreparedStatement s = c.prepareStatement("SELECT r.*, ARRAY(SELECT jsonb_array_elements_text(t)) AS tag_list, v::text AS vec"
				+ " FROM jsonb_to_recordset(?::jsonb -> 'rows') r(id bigint, title text, lang text, n int, price float8, ok bool, tags jsonb, meta jsonb, embedding jsonb), LATERAL (SELECT tags AS t, embedding AS v) x")) {
			s.setString(1, data);
			ResultSet r = s.executeQuery();
			while (r.next()) {
				Map<String, Object> row = new HashMap<>();
				for (String k : List.of("id", "title", "lang", "n", "price", "ok"))
					row.put(k, r.getObject(k));
				row.put("tags", (String[]) r.getArray("tag_list").getArray());
				row.put("meta", r.getString("meta"));
				row.put("embedding", new PGvector(r.getString("vec")).toArray());
				rows.add(row);
			}
		}
		try (PreparedStatement s = c.prepareStatement("SELECT q::text FROM jsonb_array_elements(?::jsonb -> 'queries') q")) {
			s.setString(1, data);
			ResultSet r = s.executeQuery();
			while (r.next())
				queries.add(new PGvector(r.getString(1)).toArray());
		}
	}

	static void bind(PreparedStatement s, Map<String, Object> row) throws SQLException {
		s.setLong(1, (Long) row.get("id"));
		s.setString(2, (String) row.get("title"));
		s.setString(3, (String) row.get("lang"));
		s.setInt(4, (Integer) row.get("n"));
		s.setDouble(5, (Double) row.get("price"));
		s.setBoolean(6, (Boolean) row.get("ok"));
		s.setArray(7, s.getConnection().createArrayOf("text", (String[]) row.get("tags")));
		PGobject meta = new PGobject();
		meta.setType("jsonb");
		meta.setValue((String) row.get("meta"));
		s.setObject(8, meta);
		s.setObject(9, new PGvector((float[]) row.get("embedding")));
	}

	static int batch(Connection c, String items, List<Map<String, Object>> some) throws SQLException {
		try (PreparedStatement s = c.prepareStatement("INSERT INTO " + items + " (" + NAMES + ") VALUES (" + PLACES + ")")) {
			for (Map<String, Object> row : some) {
				bind(s, row);
				s.addBatch();
			}
			return s.executeBatch().length;
		}
	}

	static int exec(Connection c, String sql, Object... values) throws SQLException {
		try (PreparedStatement s = c.prepareStatement(sql)) {
			for (int i = 0; i < values.length; i++)
				set(s, i + 1, values[i]);
			return s.executeUpdate();
		}
	}

	static void set(PreparedStatement s, int i, Object value) throws SQLException {
		if (value instanceof float[] v)
			s.setObject(i, new PGvector(v));
		else if (value instanceof Long[] v)
			s.setArray(i, s.getConnection().createArrayOf("bigint", v));
		else if (value instanceof String[] v)
			s.setArray(i, s.getConnection().createArrayOf("text", v));
		else
			s.setObject(i, value);
	}

	/** The rows as they came, in JSON. */
	static String query(PreparedStatement s, Object... values) throws SQLException {
		for (int i = 0; i < values.length; i++)
			set(s, i + 1, values[i]);
		StringJoiner all = new StringJoiner(",", "[", "]");
		try (ResultSet r = s.executeQuery()) {
			int n = r.getMetaData().getColumnCount();
			while (r.next()) {
				StringJoiner row = new StringJoiner(",", "[", "]");
				for (int i = 1; i <= n; i++)
					row.add(json(r.getObject(i)));
				all.add(row.toString());
			}
		}
		return all.toString();
	}

	static String query(Connection c, String sql, Object... values) throws SQLException {
		try (PreparedStatement s = c.prepareStatement(sql)) {
			return query(s, values);
		}
	}

	static String all(Connection c, String items) throws SQLException {
		return query(c, "SELECT " + NAMES + " FROM " + items + " ORDER BY id");
	}

	static String json(Object o) throws SQLException {
		if (o instanceof PGvector v)
			return Arrays.toString(v.toArray());
		if (o instanceof PGobject p)
			return p.getValue();
		if (o instanceof java.sql.Array a) {
			StringJoiner all = new StringJoiner(",", "[", "]");
			for (Object e : (Object[]) a.getArray())
				all.add(json(e));
			return all.toString();
		}
		if (o instanceof String s) {
			StringBuilder b = new StringBuilder("\"");
			for (char ch : s.toCharArray())
				b.append(ch == '"' || ch == '\\' ? "\\" + ch : ch < ' ' ? String.format("\\u%04x", (int) ch) : String.valueOf(ch));
			return b.append('"').toString();
		}
		return String.valueOf(o);
	}

	static void tell(Connection c, String step, String value) {
		System.out.println("{\"table\": \"" + table + "\", \"step\": \"" + step + "\", \"value\": " + value + "}");
	}

	static void wholeLife(Connection c) throws Exception {
		String items = "items_" + table, notes = "notes_" + table;
		String insert = "INSERT INTO " + items + " (" + NAMES + ") VALUES (" + PLACES + ")";
		exec(c, "DELETE FROM " + items);

		// loading
		tell(c, "batch", "" + batch(c, items, rows.subList(0, 30)));
		StringBuilder copy = new StringBuilder();
		for (Map<String, Object> r : rows.subList(30, 200)) {
			String line = r.get("id") + "\t" + escape((String) r.get("title")) + "\t" + r.get("lang") + "\t" + r.get("n") + "\t" + r.get("price") + "\t" + r.get("ok") + "\t"
				+ escape(c.createArrayOf("text", (String[]) r.get("tags")).toString()) + "\t" + escape((String) r.get("meta")) + "\t" + new PGvector((float[]) r.get("embedding")) + "\n";
			copy.append(line);
		}
		tell(c, "copy", "" + c.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY " + items + " (" + NAMES + ") FROM STDIN", new StringReader(copy.toString())));

		// reading
		tell(c, "all", all(c, items));
		tell(c, "keys", query(c, "SELECT id, title FROM " + items + " WHERE id = ANY(?) ORDER BY id", (Object) new Long[] {3L, 1L, 77L, 999L}));
		tell(c, "filters", query(c, "SELECT id FROM " + items + " WHERE lang = ANY(?) AND title LIKE ? AND price > ? AND tags && ? ORDER BY id",
			new String[] {"fr", "日本"}, "%1%", 1.5, new String[] {"a", "c d"}));
		c.setAutoCommit(false);
		try (PreparedStatement s = c.prepareStatement("SELECT id FROM " + items + " WHERE n < ? ORDER BY id")) {
			s.setFetchSize(30);
			tell(c, "cursor", query(s, 5));
		}
		c.commit();
		c.setAutoCommit(true);

		// searching, by statements that the server keeps
		for (String op : List.of("<->", "<=>", "<#>")) {
			try (PreparedStatement s = c.prepareStatement("SELECT id, embedding " + op + " ? AS d FROM " + items + " ORDER BY d LIMIT ? OFFSET ?")) {
				for (int i = 0; i < queries.size(); i++)
					tell(c, "nearest:" + op + " " + i, query(s, queries.get(i), 10, i));
			}
			tell(c, "nearest:" + op + " filter", query(c, "SELECT id, embedding " + op + " ? AS d FROM " + items + " WHERE lang = ? AND n > ? ORDER BY d LIMIT 10", queries.get(0), "en", 2));
			try (PreparedStatement s = c.prepareStatement("SELECT id, embedding " + op + " ? AS d FROM " + items + " ORDER BY d")) {
				s.setMaxRows(7);
				tell(c, "nearest:" + op + " max_rows", query(s, queries.get(1)));
			}
		}

		// changing
		try (PreparedStatement s = c.prepareStatement("UPDATE " + items + " SET title = ?, embedding = ? WHERE id = ?")) {
			for (int i = 0; i < 7; i++) {
				set(s, 1, "neu " + i);
				set(s, 2, queries.get(i));
				set(s, 3, 5L + i);
				tell(c, "update " + i, "" + s.executeUpdate());
			}
		}
		tell(c, "delete", "" + exec(c, "DELETE FROM " + items + " WHERE id = ANY(?)", (Object) new Long[] {40L, 41L, 999L}));
		tell(c, "after", all(c, items));
		// RETURN_GENERATED_KEYS asks for all columns; by name, for the key alone
		for (boolean named : new boolean[] {false, true}) {
			String sql = "INSERT INTO " + notes + " (title, embedding) VALUES (?, ?)";
			try (PreparedStatement s = named ? c.prepareStatement(sql, new String[] {"id"}) : c.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
				set(s, 1, "n");
				set(s, 2, queries.get(0));
				s.executeUpdate();
				ResultSet keys = s.getGeneratedKeys();
				keys.next();
				tell(c, "generated " + named, query(c, "SELECT title FROM " + notes + " WHERE id = ?", keys.getLong("id")));
			}
		}
		exec(c, "DELETE FROM " + notes);

		// conflicts, and ROLLBACK
		Map<String, Object> again = new HashMap<>(rows.get(0));
		again.put("title", "again");
		for (String[] how : new String[][] {{"do_nothing", " ON CONFLICT DO NOTHING"}, {"do_update", " ON CONFLICT (id) DO UPDATE SET title = excluded.title"}}) {
			try (PreparedStatement s = c.prepareStatement(insert + how[1])) {
				bind(s, again);
				tell(c, how[0], "" + s.executeUpdate());
			} catch (SQLException e) {
				tell(c, how[0], "{\"error\": \"" + e.getSQLState() + "\"}");
			}
		}
		again.put("id", 950L);
		boolean warned = false;
		c.setAutoCommit(false);
		c.clearWarnings();
		try (PreparedStatement s = c.prepareStatement(insert)) {
			bind(s, again);
			s.executeUpdate();
		}
		c.rollback();
		for (SQLWarning w = c.getWarnings(); w != null; w = w.getNextWarning())
			warned |= w.getMessage().contains("not rolled back");
		c.setAutoCommit(true);
		tell(c, "rollback", "{\"rows\": " + exec(c, "DELETE FROM " + items + " WHERE id = 950") + ", \"warned\": " + warned + "}");
	}

	static String escape(String s) {
		return s.replace("\\", "\\\\").replace("\t", "\\t");
	}
}
