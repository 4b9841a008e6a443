internal import BlobSystem

/// Folders of probes that were killed, and so could not clear up.
///
/// Each probe signs its folder before it writes anything else there. A folder is another's only as long as somebody
/// who signed it may live; one that nobody signed is no probe's, whatever it is called.
struct ProbeLeftovers: Sendable {
    /// No probe takes as long, on whatever machine.
    private static let longestSeconds: Int64 = 86_400
    private static let owners = KeyPrefix(trusted: "owners/")

    let url: RootURL
    let opener: any StorageOpener

    /// The folder of the probe of that name.
    static func place(_ name: String, at url: RootURL) throws(StoreError) -> RootURL {
        url.appending(try KeyPrefix("probe-\(name)/"))
    }

    /// Signs a probe's folder.
    static func sign(_ storage: any Storage) async throws(StoreError) {
        let mark = ProcessMark.current.text
        _ = try await storage.writeObject(try owners.appending(mark), ObjectSource(Array(mark.utf8)))
    }

    /// Clears what was left by the dead; what cannot be cleared is left to the next probe.
    func clear(_ remove: (any Storage) async throws(StoreError) -> Void) async throws(StoreError) {
        let names: [KeyPrefix]
        do throws(StoreError) { names = try await self.names() } catch {
            if error.code == .cancelled { throw error }
            return
        }
        for name in names {
            do throws(StoreError) {
                let storage = try await opener.open(url.appending(name))
                if try await isForsaken(storage) { try await remove(storage) } else { await storage.close() }
            } catch {
                if error.code == .cancelled { throw error }
            }
        }
    }

    private func names() async throws(StoreError) -> [KeyPrefix] {
        let storage = try await opener.open(url)
        var names: [KeyPrefix] = []
        do throws(StoreError) {
            for try await page in storage.list(ListRequest(startAfter: try Key("probe-"), isFlat: true)) {
                for case .folder(let folder) in page where folder.text.hasPrefix("probe-") { names.append(folder) }
                if page.contains(where: { !$0.text.hasPrefix("probe-") }) { break }
            }
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
        return names
    }

    private func isForsaken(_ storage: any Storage) async throws(StoreError) -> Bool {
        var marks: [ProcessMark] = []
        for try await page in storage.list(ListRequest(Self.owners)) {
            for entry in page {
                guard case .key(let key, _) = entry, let mark = ProcessMark(String(key.name)) else { return false }
                marks.append(mark)
            }
        }
        if marks.isEmpty || marks.contains(where: { $0.life == .running }) { return false }
        if marks.allSatisfy({ $0.life == .gone }) { return true }
        for mark in marks {
            let info = try await storage.statObject(try Self.owners.appending(mark.text))
            guard let info, info.age > .seconds(Self.longestSeconds) else { return false }
        }
        return true
    }
}
