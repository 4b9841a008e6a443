internal import BlobSystem
internal import BlobTerminal
internal import Glibc

@main
enum Main {
    static func main() {
        StandardStreams.occupyClosed()
        Heap.keepLargeBuffersApart()
        Heap.fitAddressSpace()
        ProcessLimits.raiseOpenFiles()
        let interruption = Interruption()
        let signals = SignalWatch(interruption)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let flaw = RawArguments.firstThatIsNoText
        let invocation = Invocation(arguments, interruption)
        if let flaw = ProcessLimits.flaw { exit(invocation.refuseLimits(flaw).code) }
        if let status = invocation.answerAtOnce() { exit(status.code) }
        Task.detached {
            let status = if let flaw { invocation.refuseBytes(at: flaw) } else { await invocation.run() }
            exit(status.code)
        }
        signals.run()
    }
}
