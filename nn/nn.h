// nn.h — all layers of nn/ in one include. The models are in nn/models/models.h.
#pragma once

#include "nn/activations.h"
#include "nn/additive_attention.h"
#include "nn/attention.h"
#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/module.h"
#include "nn/multihead_attention.h"
#include "nn/norm.h"
#include "nn/positional_encoding.h"
#include "nn/rnn.h"
#include "nn/sequential.h"
#include "nn/transformer_decoder.h"
#include "nn/transformer_encoder.h"
