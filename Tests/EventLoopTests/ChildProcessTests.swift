import EventLoop
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1)), .serialized)
struct ChildProcessTests {
    /// Runs a shell script to its end, with a pipe as descriptor 3, and gives what it wrote there.
    private static func run(_ script: String) throws -> (end: ChildProcess.End, output: String) {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let child = try ChildProcess(
            executable: "/bin/sh", arguments: ["sh", "-c", script].map { Array($0.utf8) },
            environment: [Array("NAME=value".utf8)], descriptors: [ends[1]])
        close(ends[1])
        var output = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            guard count > 0 else { break }
            output += String(decoding: buffer[..<count], as: UTF8.self)
        }
        close(ends[0])
        while true {
            if let end = child.reap() {
                #expect(child.reap() == nil)
                return (end, output)
            }
            usleep(1000)
        }
    }

    @Test func `it has the environment and the descriptors it was given, and nothing else`() throws {
        // A descriptor that is not close-on-exec, as some libraries open them.
        let stray = open("/dev/null", O_RDONLY)
        defer { close(stray) }
        let (end, output) = try Self.run(
            "echo $NAME >&3; n=0; while [ $n -lt 100 ]; do [ ! -e /proc/$$/fd/$n ] || echo $n >&3; n=$((n+1)); done; cat >&3"
        )
        #expect(end == .exited(0))
        #expect(output == "value\n0\n1\n2\n3\n")
    }

    @Test func `no signal is blocked or ignored in it`() throws {
        SignalSource.block([SIGUSR1])
        // Read by the shell itself, which blocks signals while it starts another program. Of the ignored ones the C
        // library keeps two to itself, 32 and 33.
        let (_, output) = try Self.run(
            "while read name value; do case $name in SigBlk:|SigIgn:) echo $name $value >&3; esac; done < /proc/$$/status"
        )
        let masks = output.split(separator: "\n").compactMap { line in
            line.split(separator: " ").last.flatMap { UInt64($0, radix: 16) }
        }
        #expect(masks.count == 2 && masks.allSatisfy { $0 & ~(3 << 31) == 0 }, "\(output)")
    }

    @Test func `its end is told once`() throws {
        #expect(try Self.run("exit 78").end == .exited(78))
        #expect(try Self.run("kill -9 $$").end == .killed(9))
    }

    @Test func `what is not there cannot be started`() {
        #expect(throws: EventLoopError.self) {
            try ChildProcess(
                executable: "/nonexistent/program", arguments: [], environment: [], descriptors: [])
        }
        #expect(throws: EventLoopError.self) {
            try ChildProcess(executable: "/etc/hostname", arguments: [], environment: [], descriptors: [])
        }
    }
}
