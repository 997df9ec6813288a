#include <gst/gst.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/base/gsttypefindhelper.h>
#include <gst/video/video.h>

// g_object_set is variadic, which Swift does not import. gint, guint, gboolean, enumerations and flags are all 32 bits wide.
static inline void cgst_set_int(gpointer object, const char *property, gint value) {
    g_object_set(object, property, value, NULL);
}

// The 64-bit properties: gint64, guint64.
static inline void cgst_set_int64(gpointer object, const char *property, gint64 value) {
    g_object_set(object, property, value, NULL);
}

static inline void cgst_set_string(gpointer object, const char *property, const char *value) {
    g_object_set(object, property, value, NULL);
}

// Pointers to objects: caps.
static inline void cgst_set_pointer(gpointer object, const char *property, gconstpointer value) {
    g_object_set(object, property, value, NULL);
}

// G_OBJECT_GET_CLASS and GST_IS_URI_HANDLER are macros.
static inline gboolean cgst_has_property(gpointer object, const char *property) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(object), property) != NULL;
}

static inline gboolean cgst_is_uri_source(gpointer element) {
    return GST_IS_URI_HANDLER(element) && gst_uri_handler_get_uri_type(GST_URI_HANDLER(element)) == GST_URI_SRC;
}

// GST_URI_HANDLER is a macro. The caller frees the string with g_free.
static inline gchar *cgst_uri(gpointer element) {
    return gst_uri_handler_get_uri(GST_URI_HANDLER(element));
}

// GST_OBJECT_NAME is a macro. Borrowed from the factory.
static inline const gchar *cgst_factory_name(GstElementFactory *factory) {
    return GST_OBJECT_NAME(factory);
}

// The kinds of elements are macros of 64-bit shifts. The caller frees the list with gst_plugin_feature_list_free.
static inline GList *cgst_unpackers(void) {
    return gst_element_factory_list_get_elements(
        GST_ELEMENT_FACTORY_TYPE_DEMUXER | GST_ELEMENT_FACTORY_TYPE_PARSER, GST_RANK_MARGINAL);
}

static inline GList *cgst_picture_decoders(void) {
    return gst_element_factory_list_get_elements(
        GST_ELEMENT_FACTORY_TYPE_DECODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE,
        GST_RANK_MARGINAL);
}

// As cgst_picture_decoders, those that nothing would choose by itself too.
static inline GList *cgst_all_picture_decoders(void) {
    return gst_element_factory_list_get_elements(
        GST_ELEMENT_FACTORY_TYPE_DECODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE,
        GST_RANK_NONE);
}

// GST_PLUGIN_FEATURE is a cast macro.
static inline guint cgst_rank(GstElementFactory *factory) {
    return gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory));
}

static inline void cgst_set_rank(GstElementFactory *factory, guint rank) {
    gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory), rank);
}

// gst_value_get_buffer is a macro. Borrowed from the structure; NULL where there is no such field.
static inline GstBuffer *cgst_buffer_field(const GstStructure *structure, const char *field) {
    const GValue *value = gst_structure_get_value(structure, field);
    return value != NULL && GST_VALUE_HOLDS_BUFFER(value) ? gst_value_get_buffer(value) : NULL;
}
