// SPDX-License-Identifier: GPL-2.0
#include "base64.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

void *base64_decode(const char *text, size_t *size)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *data = malloc(strlen(text) + 1);
	int length = 0, rest = 0;

	EVP_DecodeInit(ctx);
	if (!ctx || !data ||
	    EVP_DecodeUpdate(ctx, data, &length, (const void *)text,
			     (int)strlen(text)) < 0 ||
	    EVP_DecodeFinal(ctx, data + length, &rest) != 1 ||
	    length + rest == 0) {
		free(data);
		data = NULL;
	}
	EVP_ENCODE_CTX_free(ctx);
	*size = (size_t)(length + rest);
	return data;
}
