// nn.h — the whole of nn/ in one include. README.md has the order in which to read it.
#pragma once

#include "nn/activations.h"
#include "nn/attention.h"
#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/module.h"
#include "nn/multihead_attention.h"
#include "nn/norm.h"
#include "nn/positional_encoding.h"
#include "nn/sequential.h"
#include "nn/transformer_classifier.h"
#include "nn/transformer_encoder.h"
#include "nn/vision_transformer.h"
