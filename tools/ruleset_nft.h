/* SPDX-License-Identifier: GPL-2.0 */
/* Part of ruleset_nft.c: JSON of nft, and the conditions of its rules. */
#ifndef _SVCCTL_RULESET_NFT_H
#define _SVCCTL_RULESET_NFT_H

#include <json-c/json.h>

#include "ruleset.h"

/* NULL if there is no such key, or no object at all. */
struct json_object *nft_get(struct json_object *object, const char *key);

/* Empty if there is none. */
const char *nft_string(struct json_object *object, const char *key);

/* An array; what is none has no items, and an item that is not there is NULL. */
bool nft_is_list(struct json_object *value);
size_t nft_length(struct json_object *list);
struct json_object *nft_item(struct json_object *list, size_t i);

/* Adds to the last rule that @left is one of @right, or with "!=" none. */
void nft_condition(struct ruleset *set, struct json_object *left,
		   struct json_object *right, const char *op);

#endif /* _SVCCTL_RULESET_NFT_H */
