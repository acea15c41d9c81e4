// SPDX-License-Identifier: GPL-2.0
#include "spot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "log.h"

#define FINDINGS_MAX	8	/* lines about one object */

/* Where @spot is, as people write it: spec.ports[2].name */
static void format_spot(char *text, size_t size, const struct spot *spot)
{
	size_t length;

	*text = '\0';
	if (!spot->up)
		return;
	format_spot(text, size, spot->up);
	length = strlen(text);
	if (spot->key)
		snprintf(text + length, size - length, "%s%s",
			 length ? "." : "", spot->key);
	else
		snprintf(text + length, size - length, "[%zu]", spot->index);
}

static void format_subject(char *text, size_t size,
			   const struct subject *subject)
{
	const char *namespace = subject->namespace ? subject->namespace : "";
	const char *name = subject->name ? subject->name : "";

	snprintf(text, size, "%.63s%s%.253s", namespace,
		 *namespace && *name ? "/" : "", name);
}

void spot_complain(const struct spot *spot, const char *format, ...)
{
	struct subject *subject = spot->subject;
	char sentence[512], field[256], object[320];
	struct log_field fields[4] = { { "kind", subject->kind, 0 } };
	size_t i = 1;
	va_list args;

	if (++subject->findings > FINDINGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (subject->findings == FINDINGS_MAX)
		strcpy(sentence, "more is wrong with it than was said");
	format_spot(field, sizeof(field), spot);
	format_subject(object, sizeof(object), subject);
	if (*object)
		fields[i++] = (struct log_field){ "object", object, 0 };
	fields[i] = (struct log_field){ "field", field, 0 };
	log_write(LOG_WARNING, sentence, fields);
}

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	default:
		return "true or false";
	}
}

/* null and what is not there are the same. */
static bool is_there(const struct spot *spot)
{
	return spot->value && !json_is_null(spot->value);
}

static bool is_of_type(const struct spot *spot, json_type type)
{
	if (!is_there(spot))
		return false;
	if (json_typeof(spot->value) == type)
		return true;
	spot_complain(spot, "expected %s", type_name(type));
	return false;
}

bool spot_member(struct spot *spot, const struct spot *up, const char *key,
		 json_type type)
{
	*spot = (struct spot){
		.subject = up->subject,
		.up = up,
		.key = key,
		.value = json_object_get(up->value, key),
	};
	return is_of_type(spot, type);
}

bool spot_item(struct spot *spot, const struct spot *up, size_t index,
	       json_type type)
{
	*spot = (struct spot){
		.subject = up->subject,
		.up = up,
		.index = index,
		.value = json_array_get(up->value, index),
	};
	if (!is_there(spot))
		spot_complain(spot, "expected %s", type_name(type));
	return is_of_type(spot, type);
}

size_t spot_count(const struct spot *array, size_t max)
{
	size_t nr = json_array_size(array->value);

	if (nr <= max)
		return nr;
	spot_complain(array, "has %zu items, of which those behind the first %zu are left out",
		      nr, max);
	return max;
}

size_t spot_array(struct spot *spot, const struct spot *up, const char *key,
		  size_t max)
{
	if (!spot_member(spot, up, key, JSON_ARRAY))
		return 0;
	return spot_count(spot, max);
}

const char *spot_text(const struct spot *up, const char *key)
{
	struct spot spot;
	const char *text;

	if (!spot_member(&spot, up, key, JSON_STRING))
		return NULL;
	text = json_string_value(spot.value);
	return *text ? text : NULL;
}

bool spot_flag(const struct spot *up, const char *key, bool missing)
{
	struct spot spot;

	/* Of true and false each is a type. */
	if (json_is_true(json_object_get(up->value, key)))
		return true;
	if (spot_member(&spot, up, key, JSON_FALSE))
		return false;
	return missing;
}

bool spot_number(const struct spot *up, const char *key, uint32_t min,
		 uint32_t max, uint32_t *value)
{
	struct spot spot;
	json_int_t number;

	if (!spot_member(&spot, up, key, JSON_INTEGER))
		return false;
	number = json_integer_value(spot.value);
	if (number < min || number > max) {
		spot_complain(&spot, "expected a number from %u to %u, not %lld",
			      min, max, (long long)number);
		return false;
	}
	*value = (uint32_t)number;
	return true;
}

unsigned int spot_choice(const struct spot *up, const char *key,
			 const char *const *words)
{
	const char *text = spot_text(up, key);
	struct spot spot;
	unsigned int i;

	if (!text)
		return 0;
	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	spot_member(&spot, up, key, JSON_STRING);
	spot_complain(&spot, "\"%.100s\" is not known, taken as %s", text,
		      words[0]);
	return 0;
}

bool spot_addr(const struct spot *spot, struct addr *addr)
{
	const char *text = json_string_value(spot->value);
	const char *fault;

	if (!addr_parse(text, addr)) {
		spot_complain(spot, "\"%.100s\" is no address", text);
		return false;
	}
	fault = addr_fault(addr);
	if (fault)
		spot_complain(spot, "\"%.100s\" is %s", text, fault);
	return !fault;
}

bool spot_range(const struct spot *spot, struct range *range)
{
	const char *text = json_string_value(spot->value);

	if (addr_range(text, range))
		return true;
	spot_complain(spot, "\"%.100s\" is no range of addresses", text);
	return false;
}

bool spot_is_name(const char *text, size_t max)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789.-");

	return length && length <= max && !text[length];
}
