// data.h — includes everything in data/.
#pragma once

#include "data/checkpoint.h"
#include "data/dataset.h"
#include "data/digits.h"
#include "data/pnm.h"
#include "data/pretrained.h"
#include "data/readers.h"
#include "data/safetensors.h"
#include "data/text/text.h"
