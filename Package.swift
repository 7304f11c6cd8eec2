// swift-tools-version: 6.2
import PackageDescription

/// Every target compiles under these; see the rules in README, "Working on Fastrelay".
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Wrappers of C libraries also mark each unsafe expression.
let wrapperSettings: [SwiftSetting] = settings + [.strictMemorySafety()]

let package = Package(
    name: "fastrelay",
    products: [.executable(name: "fastrelay", targets: ["fastrelay"])],
    targets: [
        // C libraries. Each is imported by exactly one wrapper.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Not by pkg-config, which would have the executable need libmemcachedutil as well.
        .systemLibrary(name: "CMemcached", providers: [.apt(["libmemcached-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Not a library but what one of them is asked in passing.
        .target(name: "CHTTP2"),
        // Not a library but the token tables, as read-only data.
        .target(name: "CVocabulary", exclude: ["README.md", "make-vocabulary.py", "vocabulary.bin"]),

        // Wrappers.
        .target(name: "EventLoop", dependencies: ["CLinux"], swiftSettings: wrapperSettings),
        .target(name: "CGI", dependencies: ["EventLoop"], swiftSettings: wrapperSettings),
        .target(name: "FastCGI", dependencies: ["CFastCGI", "CGI"], swiftSettings: wrapperSettings),
        .target(name: "SCGI", dependencies: ["CGI"], swiftSettings: wrapperSettings),
        .target(
            name: "Curl", dependencies: ["CCurl", "CHTTP2", "EventLoop"], swiftSettings: wrapperSettings),
        .target(name: "Memcached", dependencies: ["CMemcached"], swiftSettings: wrapperSettings),
        .target(name: "SQLite", dependencies: ["CSQLite"], swiftSettings: wrapperSettings),

        // The product: pure, no socket, file, thread or wall clock.
        .target(name: "Wire", swiftSettings: settings),
        .target(name: "Tokens", dependencies: ["CVocabulary"], swiftSettings: settings),
        .target(name: "Dialects", dependencies: ["Wire"], swiftSettings: settings),
        .target(name: "Relay", dependencies: ["Wire", "Tokens", "Dialects"], swiftSettings: settings),

        // A client of deployments.
        .target(
            name: "Doctor", dependencies: ["Curl", "EventLoop", "Wire", "Relay"], swiftSettings: settings),

        // The process.
        .target(
            name: "Worker",
            dependencies: [
                "EventLoop", "CGI", "FastCGI", "SCGI", "Curl", "Memcached", "SQLite", "Wire", "Relay",
                "Doctor",
            ],
            swiftSettings: settings),
        .executableTarget(name: "fastrelay", dependencies: ["Worker"], swiftSettings: settings),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["EventLoop", "Wire", "Dialects", "Relay"],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "GatewayTestSupport", dependencies: ["CGI", "EventLoop"], path: "Tests/GatewayTestSupport",
            swiftSettings: settings),
        .executableTarget(
            name: "bench-upstream", dependencies: ["EventLoop"], path: "Tests/Benchmarks/Upstream",
            swiftSettings: settings),
        .executableTarget(
            name: "token-probe", dependencies: ["Tokens"], path: "Tests/TokensProbe",
            exclude: ["differential.py"], swiftSettings: settings),
        .executableTarget(
            name: "emulation-probe", dependencies: ["Dialects", "Wire"], path: "Tests/EmulationProbe",
            swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: settings),
        .testTarget(name: "TokensTests", dependencies: ["Tokens"], swiftSettings: settings),
        .testTarget(name: "DialectsTests", dependencies: ["Dialects", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "RelayTests", dependencies: ["Relay", "Dialects", "Tokens", "Wire", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: settings),
        .testTarget(
            name: "CGITests", dependencies: ["CGI", "FastCGI", "SCGI", "GatewayTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "FastCGITests", dependencies: ["CGI", "FastCGI", "GatewayTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SCGITests", dependencies: ["CGI", "SCGI", "GatewayTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "CurlTests", dependencies: ["CCurl", "Curl", "EventLoop", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "MemcachedTests", dependencies: ["Memcached", "EventLoop", "GatewayTestSupport"],
            swiftSettings: settings),
        .testTarget(name: "SQLiteTests", dependencies: ["SQLite", "EventLoop"], swiftSettings: settings),
        .testTarget(
            name: "DoctorTests", dependencies: ["Doctor", "Curl", "Relay", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Worker", "CGI", "Curl", "EventLoop", "Memcached", "SQLite", "Relay", "Doctor", "TestSupport",
                "GatewayTestSupport",
            ],
            swiftSettings: settings),
    ]
)
