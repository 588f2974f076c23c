// text.h — includes everything in data/text/.
#pragma once

#include "data/text/batches.h"
#include "data/text/bpe.h"
#include "data/text/lines.h"
#include "data/text/table.h"
#include "data/text/tokenizer.h"
#include "data/text/unicode.h"
#include "data/text/vocabulary.h"
#include "data/text/wordpiece.h"
