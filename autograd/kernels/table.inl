// table.inl — the table of one instruction set, from the functions above it.
template <class T>
const Kernels<T>& table() {
  static const Kernels<T> kernels = {ISA_NAME,
                                     Vec<T>::lanes,
                                     unary<T>,
                                     unary_backward<T>,
                                     binary<T>,
                                     axpby<T>,
                                     select_by<T>,
                                     sum_rows<T>,
                                     sum_columns<T>,
                                     max_rows<T>,
                                     softmax_rows<T>,
                                     softmax_tile<T>,
                                     exp_tile<T>,
                                     softmax_rows_backward<T>,
                                     log_softmax_rows<T>,
                                     log_softmax_rows_backward<T>,
                                     layer_norm<T>,
                                     layer_norm_backward<T>,
                                     rms_norm<T>,
                                     rms_norm_backward<T>,
                                     adam<T>,
                                     keep_bits,
                                     drop<T>,
                                     &gemm_kernels<T>()};
  return kernels;
}
