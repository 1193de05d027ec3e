/*
 * mutate.c
 *		Random numbers, and messages changed at random.
 *
 * It must not know what the messages are for.
 */
#include <stdlib.h>
#include <string.h>

#include "mutate.h"

#define MAX_DEPTH 16

uint64_t	random_state;

uint64_t
next_random(void)
{
	uint64_t	z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t
below(uint32_t n)
{
	return (uint32_t) (next_random() >> 32) % n;
}

bool
one_in(uint32_t n)
{
	return below(n) == 0;
}

uint64_t
random_integer(void)
{
	static const uint64_t edges[] = {
		0, 1, 127, 128, 16383, 16384, INT32_MAX, (uint64_t) INT32_MIN, UINT32_MAX,
		INT64_MAX, (uint64_t) INT64_MIN, UINT64_MAX
	};

	return one_in(2) ? edges[below(sizeof(edges) / sizeof(*edges))] : next_random() >> below(64);
}

void *
grow(void *context, void *old, size_t size)
{
	void	   *new = realloc(old, size);

	(void) context;
	if (new == NULL)
		abort();
	return new;
}

void
reset_buffer(FlatBuffer *buffer)
{
	free(buffer->data);
	*buffer = (FlatBuffer) {.grow = grow};
}

static const uint8_t interesting[] = {0x00, 0x01, 0x02, 0x04, 0x07, 0x08, 0x7f, 0x80, 0x81, 0xfe, 0xff};

static void
insert_bytes(Input *input, size_t at, const void *bytes, size_t len)
{
	if (input->len + len > MAX_INPUT)
		return;
	memmove(input->data + at + len, input->data + at, input->len - at);
	memmove(input->data + at, bytes, len);
	input->len += len;
}

void
mutate_bytes(Input *input, const Input *other)
{
	static uint8_t chunk[64];
	size_t		at,
				len;

	if (input->len == 0)
	{
		insert_bytes(input, 0, interesting + below(sizeof(interesting)), 1);
		return;
	}
	at = below((uint32_t) input->len);
	len = 1 + below((uint32_t) (input->len - at < sizeof(chunk) ? input->len - at : sizeof(chunk)));
	switch (below(9))
	{
		case 0:
			input->data[at] ^= (uint8_t) (1 << below(8));
			break;
		case 1:
			input->data[at] = one_in(2) ? (uint8_t) next_random() : interesting[below(sizeof(interesting))];
			break;
		case 2:
			input->len = at;
			break;
		case 3:
			for (size_t i = 0; i < len; i++)
				chunk[i] = (uint8_t) next_random();
			insert_bytes(input, at, chunk, len);
			break;
		case 4:					/* repeat a piece */
			memcpy(chunk, input->data + at, len);
			insert_bytes(input, below((uint32_t) input->len + 1), chunk, len);
			break;
		case 5:					/* drop a piece */
			memmove(input->data + at, input->data + at + len, input->len - at - len);
			input->len -= len;
			break;
		case 6:					/* a number that may be a length: a little more, or less */
			input->data[at] = (uint8_t) (input->data[at] + (one_in(2) ? 1 : -1) * (int) (1 + below(4)));
			break;
		case 7:					/* a number of many bytes */
			len = 1 + below(11);
			memset(chunk, one_in(2) ? 0xff : 0x80, len);
			chunk[len] = (uint8_t) below(2);
			insert_bytes(input, at, chunk, len + 1);
			break;
		default:				/* the end of another */
			if (other->len > 0)
			{
				size_t		from = below((uint32_t) other->len);

				input->len = at;
				insert_bytes(input, at, other->data + from, other->len - from);
			}
			break;
	}
}

static bool
read_varint(const uint8_t *data, size_t len, size_t *at, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; *at < len && shift < 64; shift += 7)
	{
		uint8_t		byte = data[(*at)++];

		*value |= (uint64_t) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* Find the next field of a message: where its value begins and ends. */
static bool
read_field(const uint8_t *data, size_t len, size_t *at, uint64_t *tag, size_t *value)
{
	uint64_t	number;

	if (*at >= len || !read_varint(data, len, at, tag) || *tag >> 3 == 0)
		return false;
	*value = *at;
	switch (*tag & 7)
	{
		case 0:
			return read_varint(data, len, at, &number);
		case 1:
			number = 8;
			break;
		case 5:
			number = 4;
			break;
		case 2:
			if (!read_varint(data, len, at, &number))
				return false;
			*value = *at;
			break;
		default:
			return false;
	}
	if (number > len - *at)
		return false;
	*at += (size_t) number;
	return true;
}

/* How many fields a message has; 0 if it isn't one. */
static uint32_t
count_fields(const uint8_t *data, size_t len)
{
	size_t		at = 0,
				value;
	uint64_t	tag;
	uint32_t	count = 0;

	while (at < len)
	{
		if (!read_field(data, len, &at, &tag, &value))
			return 0;
		count++;
	}
	return count;
}

/* Write a message with one of its fields changed, all lengths around it right. */
static void
mutate_message(FlatBuffer *out, const uint8_t *data, size_t len, int depth, const Input *other)
{
	uint32_t	count = count_fields(data, len);
	uint32_t	chosen = count > 0 ? below(count) : 0;
	size_t		at = 0,
				value;
	uint64_t	tag;

	if (count == 0)
	{
		static Input leaf;

		leaf.len = len < MAX_INPUT ? len : MAX_INPUT;
		if (leaf.len > 0)
			memcpy(leaf.data, data, leaf.len);
		mutate_bytes(&leaf, other);
		flat_put_bytes(out, leaf.data, leaf.len);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
	{
		size_t		start = at;

		if (!read_field(data, len, &at, &tag, &value))
			abort();
		if (i != chosen)
		{
			flat_put_bytes(out, data + start, at - start);
			continue;
		}
		if ((tag & 7) == 2 && depth < MAX_DEPTH && !one_in(4))
		{
			FlatBuffer	inner = {.grow = grow};

			mutate_message(&inner, data + value, at - value, depth + 1, other);
			flat_put_varint(out, tag);
			flat_put_varint(out, inner.len);
			flat_put_bytes(out, inner.data, inner.len);
			reset_buffer(&inner);
			continue;
		}
		switch (below(6))
		{
			case 0:				/* drop it */
				break;
			case 1:				/* have it twice, or more often */
				for (uint32_t n = 2 + (one_in(20) ? below(600) : 0); n > 0 && out->len < MAX_INPUT; n--)
					flat_put_bytes(out, data + start, at - start);
				break;
			case 2:				/* another field, in its place or before it */
				if (one_in(2))
					flat_put_bytes(out, data + start, at - start);
				flat_put_varint(out, (uint64_t) (1 + below(18)) << 3 | (tag & 7));
				if ((tag & 7) == 2)
					flat_put_varint(out, at - value);
				flat_put_bytes(out, data + value, at - value);
				break;
			case 3:				/* another value, or one in front of it */
				if (one_in(2))
					flat_put_bytes(out, data + start, at - start);
				flat_put_varint_field(out, (int) (tag >> 3 & 31) + 1, random_integer());
				break;
			case 4:				/* a message with nothing but a small number after it */
				flat_put_bytes(out, data + start, at - start);
				flat_put_field(out, 3 + (int) below(2), "\x08\x01", 2);
				break;
			default:			/* nothing in it, or a number where bytes were */
				if ((tag & 7) == 2 && one_in(2))
					flat_put_field(out, (int) (tag >> 3 & 31), "", 0);
				else
					flat_put_varint_field(out, (int) (tag >> 3 & 31), random_integer());
				break;
		}
	}
}

void
mutate_fields(Input *input, const Input *other)
{
	FlatBuffer	out = {.grow = grow};

	mutate_message(&out, input->data, input->len, 0, other);
	if (out.len <= MAX_INPUT)
	{
		input->len = out.len;
		if (out.len > 0)
			memcpy(input->data, out.data, out.len);
	}
	reset_buffer(&out);
}
