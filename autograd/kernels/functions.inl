// functions.inl — the elementwise functions: the name of each and its definition for one number.
//
// Before a file includes this table, it defines the macro UNARY or BINARY, which selects the columns
// that it uses: kernels.h generates the enums, reference.cpp the naive functions. elementwise.inl
// contains the same functions for vectors.
// clang-format off

#ifdef UNARY
// UNARY(name, saved, f, slope): y = f(x). The backward receives `saved`, which is x, y or nothing,
// and `slope` is the derivative as a function of it.
UNARY(none, nothing, x, T(1))
UNARY(neg, nothing, -x, T(-1))
UNARY(exp, y, std::exp(x), y)
UNARY(log, x, std::log(x), 1 / x)
UNARY(sqrt, y, std::sqrt(x), T(0.5) / y)
UNARY(rsqrt, y, 1 / std::sqrt(x), T(-0.5) * y * y * y)
UNARY(abs, x, std::abs(x), x > 0 ? T(1) : x < 0 ? T(-1) : T(0))
UNARY(tanh, y, std::tanh(x), 1 - y * y)
UNARY(sigmoid, y, logistic(x), y * (1 - y))
UNARY(relu, y, x < 0 ? T(0) : x, y <= 0 ? T(0) : T(1))  // NaN is not below 0: it and its gradient pass
UNARY(gelu, x, x * normal_cdf(x), normal_cdf(x) + x * normal_density(x))
UNARY(gelu_tanh, x, x * tanh_cdf(x), tanh_cdf(x) + x * tanh_density(x))  // the approximation of GPT-2
UNARY(silu, x, x * logistic(x), logistic(x) * (1 + x * (1 - logistic(x))))
#undef UNARY
#endif

#ifdef BINARY
// BINARY(name, f): y = f(a, b).
BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a * b)
BINARY(div, a / b)
BINARY(maximum, std::isnan(a) || a > b ? a : b)
BINARY(minimum, std::isnan(a) || a < b ? a : b)
BINARY(pow, std::pow(a, b))
#undef BINARY
#endif
