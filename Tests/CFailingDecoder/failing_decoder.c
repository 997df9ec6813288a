#include "failing_decoder.h"

#include <gst/gst.h>

typedef struct {
    GstElement parent;
} FailingDecoder;

typedef struct {
    GstElementClass parent;
} FailingDecoderClass;

static int opens_its_device;

GType failing_decoder_get_type(void);
G_DEFINE_TYPE(FailingDecoder, failing_decoder, GST_TYPE_ELEMENT)

static GstStaticPadTemplate inlet =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-h264"));
static GstStaticPadTemplate outlet =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));

static GstFlowReturn fail(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
    (void)pad;
    gst_buffer_unref(buffer);
    GST_ELEMENT_ERROR(parent, STREAM, DECODE, ("the device does not answer"), (NULL));
    return GST_FLOW_ERROR;
}

static GstStateChangeReturn change(GstElement *element, GstStateChange transition) {
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !opens_its_device) return GST_STATE_CHANGE_FAILURE;
    return GST_ELEMENT_CLASS(failing_decoder_parent_class)->change_state(element, transition);
}

static void failing_decoder_class_init(FailingDecoderClass *type) {
    GstElementClass *element = GST_ELEMENT_CLASS(type);
    gst_element_class_set_static_metadata(
        element, "Failing decoder", "Codec/Decoder/Video/Hardware", "Fails", "claverd's tests");
    gst_element_class_add_static_pad_template(element, &inlet);
    gst_element_class_add_static_pad_template(element, &outlet);
    element->change_state = change;
}

static void failing_decoder_init(FailingDecoder *decoder) {
    GstPad *sink = gst_pad_new_from_static_template(&inlet, "sink");
    gst_pad_set_chain_function(sink, fail);
    gst_element_add_pad(GST_ELEMENT(decoder), sink);
    gst_element_add_pad(GST_ELEMENT(decoder), gst_pad_new_from_static_template(&outlet, "src"));
}

void register_failing_decoder(int opens) {
    opens_its_device = opens;
    gst_element_register(NULL, "vafailingdec", GST_RANK_PRIMARY + 100, failing_decoder_get_type());
}
