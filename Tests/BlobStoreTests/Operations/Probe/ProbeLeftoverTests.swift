import BlobBackends
import BlobSystem
import FoundationEssentials
import TestSupport
import Testing

@testable import BlobStore

@Suite("A probe leaves nothing behind, and clears what others left")
struct ProbeLeftoverTests {
    private let folder = TemporaryFolder()

    private func probe(
        with opener: any StorageOpener = Backends(threads: 4), _ crew: @escaping ProbeOperation.Crew
    ) async throws -> ProbeReport {
        try await ProbeOperation(RootURL(folder.path), ProbeOperation.Options(), with: opener, crew: crew).run()
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test("what a killed probe left goes; what lives, what nobody signed and what another machine left today stays")
    func cleared() async throws {
        let mine = ProcessMark.current.text.split(separator: "-")
        // Numbers of processes do not go as far.
        let dead = "\(mine[0])-\(Int32.max)-\(mine[2])"
        for (name, owner) in [("dead", dead), ("living", ProcessMark.current.text), ("foreign", "abc-1-1")] {
            folder.write("probe-\(name)/owners/\(owner)", [1])
            folder.write("probe-\(name)/replaced/1.json", [1])
        }
        folder.write("probe-unsigned/x", [1])
        folder.write("other/x", [1])
        await expectError(.failed) {
            try await probe { (_) async throws(StoreError) in throw StoreError(.failed, "no process starts") }
        }
        #expect(try names == ["other", "probe-foreign", "probe-living", "probe-unsigned"])
        #expect(folder.read("probe-living/replaced/1.json") != nil)
    }

    @Test("a probe that is stopped removes what it made")
    func stopped() async throws {
        let begun = Gate()
        let task = Task {
            try await probe { (_) async throws(StoreError) in
                begun.open()
                await Gate().wait()
                throw StoreError(.cancelled, "stopped")
            }
        }
        await begun.wait()
        #expect(try names.count == 1)
        task.cancel()
        await expectError(.cancelled) { try await task.value }
        #expect(try names.isEmpty)
    }

    @Test("a probe that is stopped while it makes its folder removes it")
    func stoppedAtTheFolder() async throws {
        let (made, goOn) = (Gate(), Gate())
        let opener = SlowCreation(base: Backends(threads: 4), made: made, goOn: goOn)
        let task = Task { try await probe(with: opener) { (_) in } }
        await made.wait()
        #expect(try names.count == 1)
        task.cancel()
        goOn.open()
        await expectError(.cancelled) { try await task.value }
        #expect(try names.isEmpty)
    }
}

/// Makes places, and fails afterwards when the caller has been cancelled, as storage does.
private struct SlowCreation: StorageOpener {
    let base: Backends
    let made: Gate
    let goOn: Gate

    var schemes: StorageSchemes { base.schemes }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await base.open(url, inside: outer)
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        let storage = try await base.create(url, inside: outer)
        made.open()
        await goOn.wait()
        if Task.isCancelled { throw StoreError(.cancelled, "cancelled") }
        return storage
    }
}
