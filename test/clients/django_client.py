"""Django's ORM with pgvector-python, on models that it does not manage."""
import os

import django
from django.conf import settings

settings.configure(
	INSTALLED_APPS=["django.contrib.postgres"],
	DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
		"HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]},
		"server_side": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
		"HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "OPTIONS": {"server_side_binding": True}}},
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.core.paginator import Paginator  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from pgvector.django import CosineDistance, L2Distance, MaxInnerProduct, VectorField  # noqa: E402

from common import COLUMNS, Teller, floats, queries, ranking, rows, tables  # noqa: E402


def model(table):
	class Item(models.Model):
		id = models.BigAutoField(primary_key=True)      # the column's default is nextval('item_ids')
		title = models.CharField(max_length=100)
		lang = models.TextField()
		n = models.IntegerField()
		price = models.FloatField()
		ok = models.BooleanField()
		tags = ArrayField(models.TextField())
		meta = models.JSONField()
		embedding = VectorField(dimensions=8)

		class Meta:
			app_label = f"app_{table}"
			managed = False
			db_table = f"items_{table}"
	return Item


def plain(item):
	return [floats(getattr(item, c)) if c == "embedding" else getattr(item, c) for c in COLUMNS]


def whole_life(Item, tell, notices):
	objects = Item.objects
	objects.all().delete()

	# loading
	for r in rows[:5]:
		objects.create(**r)
	tell("save_new", objects.count())
	tell("bulk_create", len(objects.bulk_create([Item(**r) for r in rows[5:]], batch_size=80)))
	item = Item(**{k: v for k, v in rows[0].items() if k != "id"})
	item.save()
	tell("sequence", item.pk >= 1000)
	tell("delete_one", item.delete()[0])
	made = objects.bulk_create([Item(**{k: v for k, v in r.items() if k != "id"}) for r in rows[:3]])
	tell("bulk_sequence", [len({m.pk for m in made}), objects.filter(pk__in=[m.pk for m in made]).delete()[0]])

	# reading
	tell("all", [plain(i) for i in objects.order_by("id")])
	tell("get", plain(objects.get(pk=7)))
	tell("iterator", [i.pk for i in objects.order_by("id").iterator(chunk_size=30)])
	tell("values", list(map(list, objects.filter(n__lt=3).order_by("-id").values_list("id", "title")[:20])))
	page = Paginator(objects.order_by("id"), 30).page(2)
	tell("paginator", [page.paginator.count, [i.pk for i in page]])
	tell("filters", sorted(objects.filter(lang__in=["fr", "日本"], title__contains="1", price__gt=1.5).exclude(ok=True).values_list("id", flat=True)))
	tell("icontains", sorted(objects.filter(title__icontains="ELE").values_list("id", flat=True)))
	tell("arrays", sorted(objects.filter(tags__contains=["a"]).values_list("id", flat=True)))
	tell("arrays_overlap", sorted(objects.filter(tags__overlap=["c d", 'e"f']).values_list("id", flat=True)))
	tell("arrays_len", sorted(objects.filter(tags__len=2).values_list("id", flat=True)))
	tell("json_key", sorted(objects.filter(meta__k=3).values_list("id", flat=True)))
	tell("json_contains", sorted(objects.filter(meta__contains={"k": 2}).values_list("id", flat=True)))
	tell("json_deep", objects.filter(meta__deep__list__0=1).count())
	tell("aggregate", objects.filter(ok=True).aggregate(models.Max("price"), models.Count("id"), models.Sum("n")))
	tell("groups", list(map(list, objects.values_list("lang").annotate(c=models.Count("id")).order_by("lang"))))
	tell("exists", objects.filter(n=6).exists())
	tell("in_bulk", sorted((k, v.title) for k, v in objects.in_bulk([3, 4, 999]).items()))
	tell("earliest", [objects.earliest("price").pk, objects.first().pk, objects.last().pk])

	# searching: the parameters put into the text by psycopg (Django's default), and sent apart
	for op, Distance in (("<->", L2Distance), ("<=>", CosineDistance), ("<#>", MaxInnerProduct)):
		for using in ("default", "server_side"):
			of = objects.using(using)
			tell(f"nearest:{op} {using}", ranking(of.annotate(d=Distance("embedding", queries[0])).order_by("d").values_list("id", "d")[:10]))
			tell(f"nearest:{op} filter {using}", ranking(of.filter(lang="en", n__gt=2).annotate(d=Distance("embedding", queries[1])).order_by("d").values_list("id", "d")[:10]))
			tell(f"nearest:{op} page {using}", ranking(of.annotate(d=Distance("embedding", queries[2])).order_by("d").values_list("id", "d")[10:20]))
		tell(f"objects:{op}", [i.pk for i in objects.order_by(Distance("embedding", queries[3]))[:5]])
	tell("within", sorted(objects.alias(d=L2Distance("embedding", queries[0])).filter(d__lt=1.6).values_list("id", flat=True)))

	# changing
	item = objects.get(pk=5)
	item.title, item.tags, item.meta, item.embedding = "neu", ["z"], {"new": 1}, queries[1]
	item.save()
	tell("save", plain(objects.get(pk=5)))
	item.save(update_fields=["title"])
	tell("update", objects.filter(lang="de").update(price=models.F("price") * 2))
	some = list(objects.filter(pk__in=[8, 9]).order_by("id"))
	some[0].title, some[1].title = "acht", "neun"
	tell("bulk_update", objects.bulk_update(some, ["title"]))
	fields = {k: v for k, v in rows[10].items() if k not in ("id", "title")}
	tell("get_or_create", objects.get_or_create(pk=11, defaults={**fields, "title": "x"})[1])
	tell("update_or_create", [objects.update_or_create(pk=k, defaults={**fields, "title": "merged"})[1] for k in (11, 801)])
	tell("delete", [objects.filter(pk=801).delete()[0], objects.filter(lang="fr", ok=True).delete()[0]])
	tell("after", [plain(i) for i in objects.order_by("id")])

	# conflicts
	def conflict(**how):
		objects.bulk_create([Item(**{**rows[0], "title": "again"}), Item(**{**rows[0], "id": 901})], **how)
		return list(map(list, objects.filter(pk__in=[1, 901]).order_by("id").values_list("id", "title")))
	tell.attempt("do_nothing", lambda: conflict(ignore_conflicts=True))
	tell.attempt("do_update", lambda: conflict(update_conflicts=True, unique_fields=["id"], update_fields=["title"]))

	# rollback
	del notices[:]
	try:
		with transaction.atomic():
			objects.create(**{**rows[0], "id": 950})
			raise RuntimeError
	except RuntimeError:
		pass
	tell("rollback", {"rows": objects.filter(pk=950).delete()[0], "warned": any("not rolled back" in n for n in notices)})


notices = []
connection.ensure_connection()
connection.connection.add_notice_handler(lambda d: notices.append(d.message_primary))
for table in tables:
	whole_life(model(table), Teller(table), notices)
