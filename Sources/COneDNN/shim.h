#ifndef CONEDNN_SHIM_H
#define CONEDNN_SHIM_H
#include <dlfcn.h>
#include <dnnl.h>
#include <dnnl_debug.h>
#include <stddef.h>

// Products x W' + b, alike in versions 2 and 3 of oneDNN, which describe memory and operations in different ways.

enum { CDNNL_FLOAT32, CDNNL_BFLOAT16, CDNNL_INT8 };
enum { CDNNL_STORE, CDNNL_ACCUMULATE };

// Both compute the same; a library packs the weights of one of them, or of both, depending on the processor.
enum { CDNNL_MATMUL, CDNNL_CONVOLUTION };

// (rows, inputs) by (outputs, inputs) transposed. CDNNL_FLOAT32: all of it float32. CDNNL_BFLOAT16: x and weights bfloat16, the
// rest float32, but for a result that is wanted in bfloat16 too. CDNNL_INT8: x unsigned, weights signed bytes, the result their sums as int32, no bias, nothing done with it.
struct cdnnl_product {
    size_t rows, inputs, outputs;
    int type, form, epilogue, has_bias, has_half_result;
};

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t cdnnl_own_layout;
typedef const_dnnl_memory_desc_t cdnnl_layout;
#define CDNNL_LAYOUT(own) (own)

static inline dnnl_status_t cdnnl_make_layout(
    cdnnl_own_layout *out, int dimensions, const dnnl_dim_t *extents, dnnl_data_type_t type, dnnl_format_tag_t tag
) {
    return dnnl_memory_desc_create_with_tag(out, dimensions, extents, type, tag);
}

static inline void cdnnl_drop_layout(cdnnl_own_layout own) { dnnl_memory_desc_destroy(own); }

static inline int cdnnl_is_blocked(cdnnl_layout layout) {
    int blocks = 0;
    return dnnl_memory_desc_query(layout, dnnl_query_inner_nblks_s32, &blocks) != dnnl_success || blocks > 0;
}

static inline dnnl_status_t cdnnl_append_sum(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}
#else
typedef dnnl_memory_desc_t cdnnl_own_layout;
typedef const dnnl_memory_desc_t *cdnnl_layout;
#define CDNNL_LAYOUT(own) (&(own))

static inline dnnl_status_t cdnnl_make_layout(
    cdnnl_own_layout *out, int dimensions, const dnnl_dim_t *extents, dnnl_data_type_t type, dnnl_format_tag_t tag
) {
    return dnnl_memory_desc_init_by_tag(out, dimensions, extents, type, tag);
}

static inline void cdnnl_drop_layout(cdnnl_own_layout own) { (void)own; }

static inline int cdnnl_is_blocked(cdnnl_layout layout) {
    return layout->format_kind != dnnl_blocked || layout->format_desc.blocking.inner_nblks > 0;
}

static inline dnnl_status_t cdnnl_append_sum(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1);
}
#endif

// The weights as (outputs, inputs), contiguous, or as the library wants them (`any`).
static inline dnnl_status_t cdnnl_weights_layout(cdnnl_own_layout *out, const struct cdnnl_product *product, int any) {
    static const dnnl_data_type_t types[] = {dnnl_f32, dnnl_bf16, dnnl_s8};
    const dnnl_dim_t inputs = (dnnl_dim_t)product->inputs, outputs = (dnnl_dim_t)product->outputs;
    const dnnl_dim_t kernel[] = {outputs, inputs, 1, 1}, matrix[] = {inputs, outputs};
    const int is_convolution = product->form == CDNNL_CONVOLUTION;
    return cdnnl_make_layout(
        out, is_convolution ? 4 : 2, is_convolution ? kernel : matrix, types[product->type],
        any ? dnnl_format_tag_any : is_convolution ? dnnl_oihw : dnnl_ba);
}

static inline cdnnl_layout cdnnl_packed_layout(const_dnnl_primitive_desc_t description) {
    return dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
}

// `operations` are taken along in `attributes`, which is the caller's to destroy.
static inline dnnl_status_t cdnnl_attributes(dnnl_primitive_attr_t *attributes, int epilogue) {
    dnnl_post_ops_t operations;
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && epilogue != CDNNL_STORE) {
        status = dnnl_post_ops_create(&operations);
        if (status != dnnl_success) return status;
        status = cdnnl_append_sum(operations);
        if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
        dnnl_post_ops_destroy(operations);
    }
    return status;
}

static inline dnnl_status_t cdnnl_describe_with(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, int is_convolution, cdnnl_layout x, cdnnl_layout weights,
    cdnnl_layout bias, cdnnl_layout result, dnnl_primitive_attr_t attributes
) {
    const dnnl_dims_t ones = {1, 1}, zeros = {0, 0};
#if DNNL_VERSION_MAJOR >= 3
    if (!is_convolution) return dnnl_matmul_primitive_desc_create(out, engine, x, weights, bias, result, attributes);
    return dnnl_convolution_forward_primitive_desc_create(
        out, engine, dnnl_forward_inference, dnnl_convolution_direct, x, weights, bias, result, ones, zeros, zeros, zeros,
        attributes);
#else
    dnnl_matmul_desc_t matmul;
    dnnl_convolution_desc_t convolution;
    dnnl_status_t status = is_convolution
        ? dnnl_convolution_forward_desc_init(
              &convolution, dnnl_forward_inference, dnnl_convolution_direct, x, weights, bias, result, ones, zeros, zeros)
        : dnnl_matmul_desc_init(&matmul, x, weights, bias, result);
    if (status != dnnl_success) return status;
    const void *operation = is_convolution ? (const void *)&convolution : (const void *)&matmul;
    return dnnl_primitive_desc_create(out, operation, attributes, engine, NULL);
#endif
}

// Describes a product; its weights lie as those of `packed_as` do, or, without that, as the library likes best.
// dnnl_unimplemented where the processor cannot.
static inline dnnl_status_t cdnnl_describe(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const struct cdnnl_product *product,
    const_dnnl_primitive_desc_t packed_as
) {
    static const dnnl_data_type_t x_types[] = {dnnl_f32, dnnl_bf16, dnnl_u8}, result_types[] = {dnnl_f32, dnnl_f32, dnnl_s32};
    const dnnl_dim_t rows = (dnnl_dim_t)product->rows, inputs = (dnnl_dim_t)product->inputs;
    const dnnl_dim_t outputs = (dnnl_dim_t)product->outputs;
    const int is_convolution = product->form == CDNNL_CONVOLUTION, dimensions = is_convolution ? 4 : 2;
    // A row is a pixel of one picture, its values are the channels.
    const dnnl_dim_t pixels[] = {1, inputs, 1, rows}, matrix[] = {rows, inputs};
    const dnnl_dim_t result_pixels[] = {1, outputs, 1, rows}, result_matrix[] = {rows, outputs};
    const dnnl_dim_t channels[] = {outputs}, row[] = {1, outputs};
    const dnnl_format_tag_t tag = is_convolution ? dnnl_nhwc : dnnl_ab;
    cdnnl_own_layout x, weights, bias, result;
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = cdnnl_attributes(&attributes, product->epilogue);
    if (status != dnnl_success) return status;
    // None of these fails: ranks and tags are constants.
    cdnnl_make_layout(&x, dimensions, is_convolution ? pixels : matrix, x_types[product->type], tag);
    cdnnl_make_layout(
        &result, dimensions, is_convolution ? result_pixels : result_matrix,
        product->has_half_result ? dnnl_bf16 : result_types[product->type], tag);
    cdnnl_make_layout(
        &bias, is_convolution ? 1 : 2, is_convolution ? channels : row, dnnl_f32, is_convolution ? dnnl_a : dnnl_ab);
    cdnnl_weights_layout(&weights, product, 1);
    status = cdnnl_describe_with(
        out, engine, is_convolution, CDNNL_LAYOUT(x), packed_as ? cdnnl_packed_layout(packed_as) : CDNNL_LAYOUT(weights),
        product->has_bias ? CDNNL_LAYOUT(bias) : NULL, CDNNL_LAYOUT(result), attributes);
    cdnnl_drop_layout(x);
    cdnnl_drop_layout(weights);
    cdnnl_drop_layout(bias);
    cdnnl_drop_layout(result);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

// Whether the library rearranges the weights of a product, which is what makes it fast.
static inline int cdnnl_packs(const_dnnl_primitive_desc_t description) {
    return cdnnl_is_blocked(cdnnl_packed_layout(description));
}

static inline size_t cdnnl_packed_bytes(const_dnnl_primitive_desc_t description) {
    return dnnl_memory_desc_get_size(cdnnl_packed_layout(description));
}

static inline size_t cdnnl_scratch_bytes(const_dnnl_primitive_desc_t description) {
    return dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0));
}

// The library's name for the code that it runs, such as "jit_1x1:avx2".
static inline const char *cdnnl_implementation(const_dnnl_primitive_desc_t description) {
    const char *name = "";
    dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
    return name;
}

// Rearranges (outputs, inputs) weights: float32, which become bfloat16 on the way, or signed bytes.
static inline dnnl_status_t cdnnl_pack(
    void *packed, const void *weights, dnnl_engine_t engine, dnnl_stream_t stream, const struct cdnnl_product *product,
    const_dnnl_primitive_desc_t description
) {
    struct cdnnl_product stored = *product;
    cdnnl_own_layout plain;
    dnnl_memory_t from = NULL, to = NULL;
    dnnl_primitive_desc_t reorder = NULL;
    dnnl_primitive_t primitive = NULL;
    if (stored.type == CDNNL_BFLOAT16) stored.type = CDNNL_FLOAT32;
    dnnl_status_t status = cdnnl_weights_layout(&plain, &stored, 0);
    if (status != dnnl_success) return status;
    cdnnl_layout layout = cdnnl_packed_layout(description);
    status = dnnl_reorder_primitive_desc_create(&reorder, CDNNL_LAYOUT(plain), engine, layout, engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&primitive, reorder);
    if (status == dnnl_success) status = dnnl_memory_create(&from, CDNNL_LAYOUT(plain), engine, (void *)weights);
    if (status == dnnl_success) status = dnnl_memory_create(&to, layout, engine, packed);
    if (status == dnnl_success) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        status = dnnl_primitive_execute(primitive, stream, 2, arguments);
    }
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    if (to) dnnl_memory_destroy(to);
    if (from) dnnl_memory_destroy(from);
    if (primitive) dnnl_primitive_destroy(primitive);
    if (reorder) dnnl_primitive_desc_destroy(reorder);
    cdnnl_drop_layout(plain);
    return status;
}

// The library's handles of what one thread's product reads and writes, null until made.
struct cdnnl_arguments {
    dnnl_memory_t x, weights, bias, result, scratch;
};

static inline void cdnnl_arguments_destroy(const struct cdnnl_arguments *arguments) {
    const dnnl_memory_t all[] = {
        arguments->x, arguments->weights, arguments->bias, arguments->result, arguments->scratch};
    for (int i = 0; i < 5; i++)
        if (all[i]) dnnl_memory_destroy(all[i]);
}

// On failure what was made is in `out` all the same.
static inline dnnl_status_t cdnnl_arguments_create(
    struct cdnnl_arguments *out, dnnl_engine_t engine, const_dnnl_primitive_desc_t description, int has_bias
) {
    dnnl_memory_t *const all[] = {&out->x, &out->weights, &out->result, &out->scratch, &out->bias};
    const cdnnl_layout layouts[] = {
        dnnl_primitive_desc_query_md(description, dnnl_query_src_md, 0), cdnnl_packed_layout(description),
        dnnl_primitive_desc_query_md(description, dnnl_query_dst_md, 0),
        dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0),
        has_bias ? dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 1) : NULL};
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < (has_bias ? 5 : 4) && status == dnnl_success; i++)
        status = dnnl_memory_create(all[i], layouts[i], engine, DNNL_MEMORY_NONE);
    return status;
}

// Runs a product on the calling thread. `arguments` and `stream` are that thread's alone for the time.
static inline dnnl_status_t cdnnl_run(
    const_dnnl_primitive_t primitive, dnnl_stream_t stream, const struct cdnnl_arguments *arguments, void *result,
    const void *x, const void *weights, const void *bias, void *scratch
) {
    dnnl_memory_set_data_handle(arguments->x, (void *)x);
    dnnl_memory_set_data_handle(arguments->weights, (void *)weights);
    dnnl_memory_set_data_handle(arguments->result, result);
    dnnl_memory_set_data_handle(arguments->scratch, scratch);
    if (arguments->bias) dnnl_memory_set_data_handle(arguments->bias, (void *)bias);
    const dnnl_exec_arg_t all[] = {
        {DNNL_ARG_SRC, arguments->x},         {DNNL_ARG_WEIGHTS, arguments->weights},    {DNNL_ARG_DST, arguments->result},
        {DNNL_ARG_SCRATCHPAD, arguments->scratch}, {DNNL_ARG_BIAS, arguments->bias}};
    dnnl_status_t status = dnnl_primitive_execute(primitive, stream, arguments->bias ? 5 : 4, all);
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}

// Whether the library would compute in bfloat16 with instructions of this processor, not in an imitation.
static inline int cdnnl_has_bfloat16(void) {
    const int isa = (int)dnnl_get_effective_cpu_isa(), needed = (int)dnnl_cpu_isa_avx512_core_bf16;
    return (isa & needed) == needed;
}

// What keeps a library built on OpenMP from splitting the calling thread's work, called with 1; null for any other library.
static inline void (*cdnnl_thread_setter(void))(int) {
    void *self = dlopen(NULL, RTLD_LAZY);
    return self ? (void (*)(int))dlsym(self, "omp_set_num_threads") : NULL;
}
#endif
