// autograd.h — includes the public headers of autograd/.
#pragma once

#include "autograd/error.h"
#include "autograd/gradcheck.h"
#include "autograd/graph.h"
#include "autograd/graph_print.h"
#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/memory.h"
#include "autograd/nested.h"
#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/shape.h"
#include "autograd/tensor.h"
#include "autograd/threads.h"
