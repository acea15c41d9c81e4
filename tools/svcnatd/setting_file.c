// SPDX-License-Identifier: GPL-2.0
/* A KubeProxyConfiguration: what applies to us, and what does not. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "log.h"
#include "setting.h"

#define VERSION		"kubeproxy.config.k8s.io/v1alpha1"
#define KIND		"KubeProxyConfiguration"
#define PATH_SIZE	128

/* What is left out, for one sentence. */
struct leftovers {
	const char *mode;
	char text[1024];
};

/* ipvs has no masqueradeAll of its own. */
static void format_path(char path[PATH_SIZE], const char *format,
			const char *mode)
{
	const char *section = strcmp(mode, "nftables") ? "iptables" : mode;

	if (!strcmp(mode, "ipvs") && strstr(format, "eriod"))
		section = mode;
	if (!strncmp(format, "%s.", 3))
		snprintf(path, PATH_SIZE, "%s.%s", section, format + 3);
	else
		snprintf(path, PATH_SIZE, "%s", format);
}

/* Takes @path apart. */
static const json_t *find(const json_t *root, char path[PATH_SIZE])
{
	char *key, *rest = path;

	while (root && (key = strsep(&rest, ".")))
		root = json_object_get(root, key);
	return root;
}

/* A scalar, or a list of them with commas between; false if it is neither. */
static bool format_value(char *text, size_t size, const json_t *value)
{
	const json_t *item;
	size_t i, length = 0;

	if (json_is_string(value))
		return snprintf(text, size, "%s", json_string_value(value)) <
		       (int)size;
	if (!json_is_array(value))
		return false;
	*text = '\0';
	json_array_foreach(value, i, item) {
		if (!json_is_string(item) || length >= size)
			return false;
		length += (size_t)snprintf(text + length, size - length,
					   "%s%s", i ? "," : "",
					   json_string_value(item));
	}
	return length < size;
}

/* What kubeadm writes out though nobody set it stands for what is usual. */
static bool says_nothing(const json_t *value)
{
	static const char *const nothing[] = { "", "0", "0s", "false" };
	const char *text = json_string_value(value);
	size_t i;

	for (i = 0; text && i < sizeof(nothing) / sizeof(*nothing); i++)
		if (!strcmp(text, nothing[i]))
			return true;
	return json_is_null(value) ||
	       (json_is_array(value) && !json_array_size(value)) ||
	       (json_is_object(value) && !json_object_size(value));
}

/* Ways of kube-proxy that we do not have; what is usual does instead. */
static bool is_foreign(const char *path, const char *text)
{
	return !strcmp(path, "detectLocalMode") && text &&
	       (!strcmp(text, "InterfaceNamePrefix") ||
		!strcmp(text, "BridgeInterface"));
}

static bool apply(struct agent_options *options, const char *file,
		  const struct setting *setting, const json_t *root,
		  const char *mode)
{
	char path[PATH_SIZE], pieces[PATH_SIZE], text[8192];
	const json_t *value;

	format_path(path, setting->path, mode);
	strcpy(pieces, path);
	value = find(root, pieces);
	if (!value || says_nothing(value))
		return true;
	if (!format_value(text, sizeof(text), value))
		return setting_refuse("%.200s: %s: expected %s", file, path,
				      setting->expected);
	if (is_foreign(path, text))
		return true;
	if (!setting->set(options, text))
		return setting_refuse("%.200s: %s: expected %s, not \"%.200s\"",
				      file, path, setting->expected, text);
	return true;
}

static bool is_applied(const char *path, const char *mode)
{
	static const char *const known[] = { "apiVersion", "kind", "mode" };
	const struct setting *setting;
	char other[PATH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(path, known[i]))
			return true;
	for (setting = settings; setting->word; setting++) {
		if (!setting->path)
			continue;
		format_path(other, setting->path, mode);
		if (!strcmp(path, other))
			return true;
	}
	return false;
}

static void note(struct leftovers *leftovers, const char *path)
{
	size_t length = strlen(leftovers->text);

	snprintf(leftovers->text + length, sizeof(leftovers->text) - length,
		 "%s%s", length ? ", " : "", path);
}

/* Goes as deep as document_load() does. */
static void find_leftovers(struct leftovers *leftovers, json_t *object,
			   const char *prefix)
{
	char path[PATH_SIZE];
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s%s", prefix,
				     *prefix ? "." : "", key) >= sizeof(path) ||
		    says_nothing(value))
			continue;
		if (json_is_object(value))
			find_leftovers(leftovers, value, path);
		else if (!is_applied(path, leftovers->mode) ||
			 is_foreign(path, json_string_value(value)))
			note(leftovers, path);
	}
}

static bool check_kind(const json_t *root, const char *file)
{
	const char *version, *kind;

	version = json_string_value(json_object_get(root, "apiVersion"));
	kind = json_string_value(json_object_get(root, "kind"));
	if (version && kind && !strcmp(version, VERSION) &&
	    !strcmp(kind, KIND))
		return true;
	return setting_refuse("%.200s: expected a document with kind " KIND " and apiVersion " VERSION,
			      file);
}

static bool apply_all(struct agent_options *options, json_t *root,
		      const char *file)
{
	const char *mode = json_string_value(json_object_get(root, "mode"));
	struct leftovers leftovers = { .mode = mode ? mode : "" };
	const struct setting *setting;

	if (!check_kind(root, file))
		return false;
	for (setting = settings; setting->word; setting++)
		if (setting->path &&
		    !apply(options, file, setting, root, leftovers.mode))
			return false;
	find_leftovers(&leftovers, root, "");
	if (*leftovers.text)
		log_line(LOG_WARNING, "fields that have no meaning here are left out",
			 LOG_TEXT("file", file),
			 { .key = "fields", .text = leftovers.text });
	return true;
}

bool setting_read_file(struct agent_options *options, const char *path)
{
	char why[256];
	json_t *root = document_load(path, why, sizeof(why));
	bool good;

	if (!root)
		return setting_refuse("%.200s: %s", path, why);
	good = apply_all(options, root, path);
	json_decref(root);
	return good;
}
