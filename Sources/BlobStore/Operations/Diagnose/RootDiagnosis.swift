internal import Synchronization

/// Looks at one root that is open: its place, its room, its clock, and what this account may do there.
struct RootDiagnosis: Sendable {
    /// Clocks that differ by more make times in records and logs hard to compare.
    private static let clockTolerance = Duration.seconds(30)
    /// Less than both of these is little room.
    private static let littleRoomPercent: Int64 = 5
    private static let littleRoomBytes: Int64 = 50_000_000_000
    /// Less than this is little room on any disk.
    private static let leastRoomBytes: Int64 = 1_000_000_000
    private static let leastFiles: Int64 = 10_000

    let storage: any Storage
    let report: @Sendable (Advice) -> Void

    /// Tells what kind of place it is, how it is set up, and how much room there is.
    /// - Parameter isReachable: whether it answers; of a server that does not, nothing is known but its address.
    func describe(isReachable: Bool) async throws(StoreError) {
        do throws(StoreError) {
            guard let described = try await storage.capability((any DescribedStorage).self) else {
                return report(
                    Advice(
                        .warning, of: "place", "this kind of storage does not tell what its place is like",
                        isCertain: false))
            }
            let found = try await described.describe()
            if let place = found.place { report(Advice(.info, of: "place", place)) }
            if isReachable { show(found.guarantees, advice: found.advice) }
            let told = Set(found.guarantees.map(\.detail))
            for sentence in found.advice where !told.contains(sentence) {
                report(Advice(.warning, of: "place", sentence))
            }
            for sentence in found.notes { report(Advice(.info, of: "place", sentence)) }
            if let room = found.room { show(room) }
        } catch {
            if error.code == .cancelled { throw error }
            report(Advice("place", unknown: error, "the place \(storage.address)"))
        }
    }

    /// Lists the top of the root.
    /// - Returns: whether that could be done.
    func list() async throws(StoreError) -> Bool {
        do throws(StoreError) {
            var pages = storage.list(ListRequest(isFlat: true)).makeAsyncIterator()
            _ = try await pages.next()
            report(Advice(.good, of: "read", "this account can read and list \(storage.address)"))
            return true
        } catch {
            if error.code == .cancelled { throw error }
            if error.code == .permissionDenied {
                report(
                    Advice(
                        .error, of: "read", "this account cannot list \(storage.address): \(error.message)"))
            } else {
                report(Advice("read", unknown: error, "\(storage.address)"))
            }
            return false
        }
    }

    /// Writes something, and removes it again.
    func tryWriting() async throws(StoreError) {
        do throws(StoreError) {
            guard let described = try await storage.capability((any DescribedStorage).self) else {
                return report(
                    Advice(
                        .warning, of: "write", "writing was not tried, because this kind of storage has no way to",
                        isCertain: false))
            }
            let trial = try await described.tryWriting()
            report(Advice(.good, of: "write", "this account can write to and remove from \(storage.address)"))
            show(trial.guarantees, advice: [])
            if let ahead = trial.clockAhead { show(clockAhead: ahead) }
        } catch {
            switch error.code {
            case .cancelled: throw error
            case .permissionDenied, .readOnly, .outOfSpace:
                report(
                    Advice(
                        .error, of: "write", "this account cannot write to \(storage.address): \(error.message)"))
            default: report(Advice("write", unknown: error, "whether this account can write to \(storage.address)"))
            }
        }
    }

    /// Counts what writers left behind that nobody continued for so long.
    func countLeftovers(olderThan age: Duration) async throws(StoreError) {
        var (count, bytes) = (Int64(0), Int64(0))
        do throws(StoreError) {
            for try await page in storage.uploadsInFlight() {
                for upload in page where upload.age > age {
                    count += 1
                    bytes.add(stated: upload.size)
                }
            }
        } catch {
            if error.code == .cancelled { throw error }
            return report(Advice("staging", unknown: error, "what dead processes left"))
        }
        if count == 0 { return report(Advice(.good, of: "staging", "no dead process left an unfinished upload")) }
        report(
            Advice(
                .info, of: "staging",
                "dead processes left \(count) unfinished uploads of \(bytes.asSize); \"blobtool gc --delete\" frees them"
            ))
    }

    private func show(_ guarantees: [Guarantee], advice: [String]) {
        for guarantee in guarantees {
            let severity: Advice.Severity =
                switch guarantee.holds {
                case true?: .good
                case false? where guarantee.isNeeded: .error
                case false? where advice.contains(guarantee.detail): .warning
                case false?, nil: .info
                }
            report(Advice(severity, of: guarantee.name, guarantee.detail))
        }
    }

    private func show(_ room: PlaceDescription.Room) {
        let share = room.totalBytes > 0 ? Double(room.freeBytes) / Double(room.totalBytes) * 100 : 100
        let text = "\(room.freeBytes.asSize) of \(room.totalBytes.asSize) are free"
        if room.freeBytes == 0 && room.totalBytes > 0 || room.freeFiles == 0 {
            let what = room.freeFiles == 0 && room.freeBytes > 0 ? "no more files can be made" : "no room is left"
            return report(
                Advice(.error, of: "room", "\(what), so nothing can be published; make room or enlarge the disk"))
        }
        let isLittle = Int64(share) < Self.littleRoomPercent && room.freeBytes < Self.littleRoomBytes
        if isLittle || room.freeBytes < Self.leastRoomBytes && room.totalBytes > 0 {
            return report(Advice(.warning, of: "room", "only \(text); run \"blobtool gc\", or enlarge the disk"))
        }
        if let files = room.freeFiles, files < Self.leastFiles {
            return report(Advice(.warning, of: "room", "only \(files) more files can be made; enlarge the filesystem"))
        }
        report(Advice(.good, of: "room", text))
    }

    private func show(clockAhead ahead: Duration) {
        let seconds = ahead.inSeconds
        let distance = ahead < .zero ? Duration.zero - ahead : ahead
        guard distance > Self.clockTolerance else {
            return report(
                Advice(.good, of: "clock", "the storage's clock is \(oneDecimal(abs(seconds))) s from this machine's"))
        }
        report(
            Advice(
                .warning, of: "clock",
                "the storage's clock is \(oneDecimal(abs(seconds))) s \(seconds > 0 ? "ahead of" : "behind") this machine's; "
                    + "set both by NTP"))
    }
}
