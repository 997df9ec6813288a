// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "claverd",
    products: [
        .executable(name: "claverd", targets: ["Daemon"])
    ],
    traits: [
        .trait(name: "OneDNN", description: "Link oneDNN, the fast matrix products."),
        .trait(name: "MPI", description: "Link Open MPI, for training on several machines."),
        .default(enabledTraits: ["OneDNN", "MPI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CGStreamer", pkgConfig: "gstreamer-video-1.0",
            providers: [.apt(["libgstreamer1.0-dev", "libgstreamer-plugins-base1.0-dev"])]),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),

        .target(name: "CKernels", cSettings: [.define("_GNU_SOURCE")]),

        .target(
            name: "Recognizer",
            dependencies: [
                "CKernels", "COpenBLAS", "CZlib",
                .target(name: "COneDNN", condition: .when(traits: ["OneDNN"])),
                .target(name: "CMPI", condition: .when(traits: ["MPI"])),
            ],
            swiftSettings: strict),
        .target(name: "Pipeline", dependencies: ["Recognizer", "CGStreamer"], swiftSettings: strict),
        .target(name: "Plugins", dependencies: ["Pipeline", "CMosquitto"], swiftSettings: strict),
        .executableTarget(
            name: "Daemon",
            dependencies: [
                "Recognizer", "Pipeline", "Plugins",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict,
            // Foundation's HTTP client, where Swift's libraries are linked statically.
            linkerSettings: [.linkedLibrary("curl")]),

        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Recognizer", "CKernels", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks", exclude: ["peers", "check-counts", "instruction-counts.txt"], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Recognizer", "Pipeline"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .target(name: "CFailingDecoder", dependencies: ["CGStreamer"], path: "Tests/CFailingDecoder"),
        .testTarget(
            name: "RecognizerTests", dependencies: ["Recognizer", "CKernels", "CAllocations", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PipelineTests", dependencies: ["Pipeline", "CFailingDecoder", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "PluginsTests", dependencies: ["Plugins", "Pipeline", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: ["Daemon", "Pipeline", "Plugins", "Recognizer", "TestSupport"],
            exclude: ["Snapshots"],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Daemon", "Pipeline", "Recognizer", "TestSupport"],
            swiftSettings: strict),
    ]
)
