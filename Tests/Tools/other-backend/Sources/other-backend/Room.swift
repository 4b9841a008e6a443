import BlobStore
import Synchronization

/// What is stored, and the rules by which it changes; one caller at a time.
final class Room: Sendable {
    struct Entry {
        var bytes: [UInt8]
        var token: Int
        var writtenAt = ContinuousClock.now

        var info: ObjectInfo { ObjectInfo(size: Int64(bytes.count), age: .now - writtenAt) }
    }

    struct Contents {
        var entries: [Key: Entry] = [:]
        var uploads: [String: Entry] = [:]
        private var lastToken = 0

        mutating func nextToken() -> Int {
            lastToken += 1
            return lastToken
        }

        mutating func put(_ key: Key, _ bytes: [UInt8]) throws(StoreError) -> CommitOutcome {
            let there = entries[key]
            guard there == nil || there?.bytes.count == bytes.count else {
                throw StoreError(.corrupt, "\(key) is there in another size")
            }
            entries[key] = Entry(bytes: there?.bytes ?? bytes, token: nextToken())
            return there == nil ? .created : .present
        }

        /// - Returns: at most 100 entries of a listing.
        func page(of request: ListRequest, after last: String) -> [ListEntry] {
            var page: [ListEntry] = []
            for key in entries.keys.sorted() where request.prefix.contains(key) {
                if let first = request.startAfter, key <= first { continue }
                let entry = entry(of: key, request)
                if case .folder(let folder) = entry, last == folder.text || page.last == entry { continue }
                let text = if case .folder(let folder) = entry { folder.text } else { key.text }
                guard last.utf8.lexicographicallyPrecedes(text.utf8) else { continue }
                page.append(entry)
                if page.count == 100 { break }
            }
            return page
        }

        private func entry(of key: Key, _ request: ListRequest) -> ListEntry {
            let below = key.text.dropFirst(request.prefix.text.count)
            if request.isFlat, let slash = below.firstIndex(of: "/"),
                let folder = try? KeyPrefix(request.prefix.text + below[...slash])
            {
                return .folder(folder)
            }
            return .key(key, request.wantsDetails ? entries[key]?.info : nil)
        }
    }

    let contents = Mutex(Contents())
}
