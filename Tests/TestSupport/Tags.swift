package import Testing

extension Tag {
    @Tag package static var golden: Tag
    @Tag package static var property: Tag
    @Tag package static var gstreamer: Tag
    @Tag package static var mpi: Tag
    @Tag package static var mqtt: Tag
    @Tag package static var slow: Tag
}
