"""SQLAlchemy 2 (ORM and core, on psycopg and on asyncpg) with pgvector-python, and its pool."""
import asyncio

from pgvector.sqlalchemy import Vector
from sqlalchemy import (BigInteger, Boolean, Column, Float, Integer, MetaData, Sequence, String, Table, Text, bindparam,
	create_engine, delete, event, func, insert, inspect, select, update)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from common import COLUMNS, Teller, floats, queries, ranking, rows, tables


def classes(table):
	class Base(DeclarativeBase):
		pass

	class Item(Base):
		__tablename__ = f"items_{table}"
		# nothing in a foreign table says which column the key is: say it here
		id: Mapped[int] = mapped_column(BigInteger, Sequence("item_ids"), primary_key=True)
		title: Mapped[str] = mapped_column(String(100))
		lang: Mapped[str] = mapped_column(Text)
		n: Mapped[int] = mapped_column(Integer)
		price: Mapped[float] = mapped_column(Float)
		ok: Mapped[bool] = mapped_column(Boolean)
		tags: Mapped[list] = mapped_column(ARRAY(Text))
		meta: Mapped[dict] = mapped_column(JSONB)
		embedding = mapped_column(Vector(8))

	class Note(Base):
		__tablename__ = f"notes_{table}"
		id: Mapped[int] = mapped_column(BigInteger, primary_key=True)     # Milvus makes it: INSERT … RETURNING id
		title: Mapped[str] = mapped_column(Text)
		embedding = mapped_column(Vector(8))
	return Item, Note


def plain(item):
	return [floats(getattr(item, c)) if c == "embedding" else getattr(item, c) for c in COLUMNS]


def whole_life(engine, Item, Note, tell, notices):
	with Session(engine) as s:
		s.execute(delete(Item))
		s.execute(delete(Note))
		s.commit()

		# loading
		s.add_all([Item(**r) for r in rows[:20]])
		s.commit()
		s.execute(insert(Item), rows[20:50])
		s.execute(insert(Item).values(rows[50:]))
		s.commit()
		tell("loaded", s.scalar(select(func.count()).select_from(Item)))
		returned = s.execute(insert(Item).returning(Item.id, sort_by_parameter_order=True), [{**r, "id": r["id"] + 500} for r in rows[:5]]).scalars().all()
		s.commit()
		tell("insert_returning", returned)
		# keys that the database makes
		tell("delete_range", s.execute(delete(Item).where(Item.id > 500)).rowcount)
		items = [Item(**{k: v for k, v in r.items() if k != "id"}) for r in rows[:3]]
		s.add_all(items)
		s.commit()
		tell("sequence", [len({i.id for i in items}), all(i.id >= 1000 for i in items)])
		for i in items:
			s.delete(i)
		s.commit()
		note = Note(title="n", embedding=queries[0])
		s.add(note)
		s.commit()
		tell("auto_id", [note.id is not None, s.scalar(select(Note.title).where(Note.id == note.id))])

		# reading
		tell("all", [plain(i) for i in s.scalars(select(Item).order_by(Item.id))])
		tell("get", plain(s.get(Item, 7)))
		tell("get_none", s.get(Item, 777))
		tell("page", s.scalars(select(Item.id).order_by(Item.id).limit(10).offset(20)).all())
		tell("any", s.scalars(select(Item.id).where(Item.id == func.any([3, 1, 77, 999])).order_by(Item.id)).all())
		tell("in", s.scalars(select(Item.id).where(Item.lang.in_(["fr", "日本"]), ~Item.ok, Item.title.like("%1%")).order_by(Item.id)).all())
		tell("inside", s.scalars(select(Item.id).where(Item.tags.contains(["a"]), Item.meta["k"].astext == "3").order_by(Item.id)).all())
		tell("exists", s.scalar(select(select(Item).where(Item.n == 6).exists())))
		tell("stream", [i.id for i in s.scalars(select(Item).order_by(Item.id).execution_options(yield_per=30))])
		tell("groups", [list(r) for r in s.execute(select(Item.lang, func.count()).group_by(Item.lang).order_by(Item.lang))])

		# searching
		for op, distance in (("<->", Item.embedding.l2_distance), ("<=>", Item.embedding.cosine_distance), ("<#>", Item.embedding.max_inner_product)):
			for i in range(3):
				d = distance(queries[i]).label("distance")
				tell(f"nearest:{op} {i}", ranking(s.execute(select(Item.id, d).order_by(d).limit(10))))
			d = distance(queries[0])
			tell(f"nearest:{op} filter", ranking(s.execute(select(Item.id, d).where(Item.lang == "en", Item.n > 2).order_by(d).limit(10))))
			tell(f"nearest:{op} page", ranking(s.execute(select(Item.id, d).order_by(d).limit(10).offset(10))))
			tell(f"entities:{op}", [plain(i) for i in s.scalars(select(Item).order_by(d).limit(3))])
		d = Item.embedding.l2_distance(queries[0])
		tell("within", sorted(s.scalars(select(Item.id).where(d < 1.6))))

		# changing
		i = s.get(Item, 5)
		i.title, i.tags, i.meta, i.embedding = "neu", ["z"], {"new": 1}, queries[1]
		s.commit()
		s.refresh(i)
		tell("orm_update", plain(i))
		tell("update", s.execute(update(Item).where(Item.lang == "de").values(price=Item.price * 2)).rowcount)
		s.execute(update(Item), [{"id": 8, "title": "acht"}, {"id": 9, "title": "neun"}])
		s.merge(Item(**{**rows[10], "title": "merged"}))
		s.merge(Item(**{**rows[10], "id": 801}))
		s.commit()
		tell("locked", s.scalars(select(Item.title).where(Item.id == 11).with_for_update()).one())
		s.execute(delete(Item).where(Item.id == bindparam("k")), {"k": 801})
		tell("delete", s.execute(delete(Item).where(Item.lang == "fr", Item.ok)).rowcount)
		s.commit()
		tell("after", [plain(i) for i in s.scalars(select(Item).order_by(Item.id))])

		# conflicts
		def conflict(clause):
			statement = clause(pg_insert(Item).values([{**rows[0], "title": "again"}, {**rows[0], "id": 901}]))
			try:
				done = s.execute(statement).rowcount
				s.commit()
			except Exception:
				s.rollback()
				raise
			return [done, [list(r) for r in s.execute(select(Item.id, Item.title).where(Item.id.in_([1, 901])).order_by(Item.id))]]
		tell.attempt("do_nothing", lambda: conflict(lambda i: i.on_conflict_do_nothing()))
		tell.attempt("do_update", lambda: conflict(lambda i: i.on_conflict_do_update(index_elements=["id"], set_={"title": i.excluded.title})))

		# rollback
		del notices[:]
		s.add(Item(**{**rows[0], "id": 950}))
		s.flush()
		s.rollback()
		left = s.execute(delete(Item).where(Item.id == 950)).rowcount
		s.commit()
		tell("rollback", {"rows": left, "warned": any("not rolled back" in n for n in notices)})

	# the table as SQLAlchemy reads it: the key has to be told
	found = inspect(engine)
	name = Item.__tablename__
	tell("has_table", found.has_table(name))
	tell("columns", [[c["name"], str(c["type"]), c["nullable"]] for c in found.get_columns(name)])
	reflected = Table(name, MetaData(), Column("id", BigInteger, primary_key=True), autoload_with=engine)
	with engine.connect() as c:
		d = reflected.c.embedding.l2_distance(queries[4])
		tell("nearest:reflected", ranking(c.execute(select(reflected.c.id, d).order_by(d).limit(5))))


async def on_asyncpg(engine, Item, tell):
	sessions = async_sessionmaker(engine)

	async def nearest(i):
		async with sessions() as s:
			d = Item.embedding.cosine_distance(queries[i])
			return ranking(await s.execute(select(Item.id, d).order_by(d).limit(5)))
	for i, found in enumerate(await asyncio.gather(*map(nearest, range(4)))):
		tell(f"nearest:asyncpg {i}", found)
	async with sessions() as s:
		s.add(Item(**{**rows[0], "id": 970}))
		await s.commit()
		tell("asyncpg_get", plain(await s.get(Item, 970)))
		tell("asyncpg_delete", (await s.execute(delete(Item).where(Item.id == 970))).rowcount)
		await s.commit()


async def all_on_asyncpg():
	engine = create_async_engine("postgresql+asyncpg://", pool_size=2, max_overflow=0)
	for table in tables:
		# the next transaction may get another connection of the pool, which sees what this one wrote only with consistency_level 'strong'
		await on_asyncpg(engine, classes(f"{table}_strong")[0], Teller(table))
	await engine.dispose()


notices = []
engine = create_engine("postgresql+psycopg://", pool_size=2, max_overflow=0)


@event.listens_for(engine, "connect")
def listen(connection, record):
	connection.add_notice_handler(lambda d: notices.append(d.message_primary))


for table in tables:
	whole_life(engine, *classes(table), Teller(table), notices)
asyncio.run(all_on_asyncpg())
