internal import ArgumentParser
internal import BlobServer
internal import BlobSystem
internal import BlobTerminal
internal import CoreMetrics
internal import Glibc
internal import Logging

@main
enum Main {
    static func main() {
        Heap.keepLargeBuffersApart()
        Heap.fitAddressSpace()
        ProcessLimits.raiseOpenFiles()
        let interruption = Interruption()
        let signals = SignalWatch(interruption)
        let command: Blobnode
        do { command = try Blobnode.parse() } catch { Blobnode.exit(withError: error) }
        if command.man { Blobnode.exit(withError: Blobnode.manual) }
        let console = Console(format: .json, verbosity: command.verbosity, interruption: interruption)
        let metrics = MetricsRegistry()
        MetricsSystem.bootstrap(metrics)
        LoggingSystem.bootstrap { ConsoleLog($0, to: console) }
        if let flaw = ProcessLimits.flaw { exit(Self.fail(flaw, on: console)) }
        Task.detached { exit(await command.serve(on: console, until: interruption, counting: metrics)) }
        signals.run()
    }

    static func fail(_ message: String, on console: Console) -> Int32 {
        console.say("blobnode: \(message)", from: .quiet)
        return ExitStatus.failed.code
    }
}
