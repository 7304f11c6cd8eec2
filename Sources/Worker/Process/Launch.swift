internal import EventLoop
internal import Glibc

/// How the process was started: what is needed to start it again as it was.
struct Launch: Sendable {
    /// The path of the executable: what lies there later is a new version.
    let executable: String
    /// The arguments with the program's name first.
    let arguments: [[UInt8]]
    /// The environment as texts of the form `NAME=VALUE`.
    let environment: [[UInt8]]

    /// Takes the texts as they are.
    init(executable: String, arguments: [[UInt8]], environment: [[UInt8]]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Looks at this process, early: the working directory and the executable's file may change later.
    ///
    /// From proc(5), because the C library's `environ` is a variable that any thread may change. Without /proc there are
    /// no variables, as in an empty environment.
    static func current() -> Launch {
        let arguments = (try? SmallFile.read("/proc/self/cmdline")).map(texts) ?? []
        let environment = (try? SmallFile.read("/proc/self/environ")).map(texts) ?? []
        let launch = Launch(executable: "", arguments: arguments, environment: environment)
        return Launch(
            executable: launch.findExecutable() ?? "", arguments: arguments, environment: environment)
    }

    private static func texts(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: 0).map { Array($0) }
    }

    /// The variables by name; bytes that are not UTF-8 are repaired.
    var variables: [String: String] {
        var variables: [String: String] = [:]
        for line in environment {
            let parts = line.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            variables[String(decoding: parts[0], as: UTF8.self)] = String(decoding: parts[1], as: UTF8.self)
        }
        return variables
    }

    /// The environment without some variables.
    func environment(without names: [String]) -> [[UInt8]] {
        environment.filter { line in !names.contains { line.starts(with: Array("\($0)=".utf8)) } }
    }

    /// The path by which the program was called, so that a symbolic link set anew counts too; else the file's own.
    private func findExecutable() -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let file = String(decoding: buffer[..<count], as: UTF8.self)
        guard let name = arguments.first.map({ String(decoding: $0, as: UTF8.self) }), !name.isEmpty else {
            return file
        }
        var candidates: [String] = []
        if name.hasPrefix("/") {
            candidates = [name]
        } else if name.contains("/") {
            if let directory = getcwd(nil, 0) {
                candidates = [String(cString: directory) + "/" + name]
                free(directory)
            }
        } else {
            candidates = (variables["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
        }
        return candidates.first { Self.isSameFile($0, "/proc/self/exe") } ?? file
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var left = stat()
        var right = stat()
        return stat(one, &left) == 0 && stat(other, &right) == 0 && left.st_dev == right.st_dev
            && left.st_ino == right.st_ino
    }
}
