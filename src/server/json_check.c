/*
 * json_check.c
 *		Is a text a JSON object that can be sent as parameters?
 */
#include "postgres.h"

#include <math.h>

#include "json_check.h"

#define MAX_DEPTH 32
#define MAX_NUMBER 64

static bool check_value(const char **at, int depth);

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool
check_string(const char **at)
{
	if (**at != '"')
		return false;
	for ((*at)++; **at != '"'; (*at)++)
	{
		if ((unsigned char) **at < 0x20)
			return false;
		if (**at == '\\' && ((*at)++, strchr("\"\\/bfnrt", **at) == NULL || **at == '\0'))
			return false;
	}
	(*at)++;
	return true;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? */
static bool
check_number(const char **at)
{
	const char *start = *at;
	char		number[MAX_NUMBER];
	size_t		digits;

	if (**at == '-')
		(*at)++;
	digits = strspn(*at, "0123456789");
	if (digits == 0 || (**at == '0' && digits > 1))
		return false;
	*at += digits;
	if (**at == '.')
	{
		(*at)++;
		digits = strspn(*at, "0123456789");
		if (digits == 0)
			return false;
		*at += digits;
	}
	if (**at == 'e' || **at == 'E')
	{
		(*at)++;
		if (**at == '-' || **at == '+')
			(*at)++;
		digits = strspn(*at, "0123456789");
		if (digits == 0)
			return false;
		*at += digits;
	}
	if (*at - start >= MAX_NUMBER)
		return false;
	memcpy(number, start, *at - start);
	number[*at - start] = '\0';
	return !isinf(strtod(number, NULL));
}

static bool
check_word(const char **at, const char *word)
{
	if (strncmp(*at, word, strlen(word)) != 0)
		return false;
	*at += strlen(word);
	return true;
}

/* An object or an array, from its bracket on. */
static bool
check_members(const char **at, int depth)
{
	bool		is_object = **at == '{';
	char		end = is_object ? '}' : ']';

	if (depth == MAX_DEPTH)
		return false;
	(*at)++;
	skip_blanks(at);
	if (**at == end)
	{
		(*at)++;
		return true;
	}
	for (;;)
	{
		skip_blanks(at);
		if (is_object)
		{
			if (!check_string(at))
				return false;
			skip_blanks(at);
			if (*(*at)++ != ':')
				return false;
			skip_blanks(at);
		}
		if (!check_value(at, depth + 1))
			return false;
		skip_blanks(at);
		if (**at == end)
		{
			(*at)++;
			return true;
		}
		if (*(*at)++ != ',')
			return false;
	}
}

static bool
check_value(const char **at, int depth)
{
	switch (**at)
	{
		case '{':
		case '[':
			return check_members(at, depth);
		case '"':
			return check_string(at);
		case 't':
			return check_word(at, "true");
		case 'f':
			return check_word(at, "false");
		case 'n':
			return check_word(at, "null");
		default:
			return check_number(at);
	}
}

bool
json_check_object(const char *text)
{
	const char *at = text;

	skip_blanks(&at);
	if (*at != '{' || !check_value(&at, 0))
		return false;
	skip_blanks(&at);
	return *at == '\0';
}
