import ObjectStorage
import Synchronization
import Testing

@Suite("Streams that are pulled")
struct StreamTests {
    @Test("an element is fetched only when it is asked for")
    func backpressure() async throws {
        let fetched = Mutex(0)
        let pull = AsyncPull<Int> { () throws(StoreError) in
            fetched.withLock { fetched in
                fetched += 1
                return fetched > 3 ? nil : fetched
            }
        }
        var iterator = pull.makeAsyncIterator()
        #expect(fetched.withLock { $0 } == 0)
        #expect(try await iterator.next() == 1)
        #expect(fetched.withLock { $0 } == 1)
        #expect(try await iterator.next() == 2)
        #expect(try await iterator.next() == 3)
        #expect(try await iterator.next() == nil)
    }

    @Test("an error ends the iteration and comes out as it is")
    func error() async throws {
        let pull = AsyncPull<Int> { () throws(StoreError) in throw StoreError(.corrupt, "made to fail") }
        let error = await #expect(throws: StoreError.self) { for try await _ in pull {} }
        #expect(error?.code == .corrupt)
    }

    @Test(
        "bytes in memory come in chunks of 1 MiB, in parts and as often as a source is read",
        arguments: [
            0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (2 << 20) + 5,
        ])
    func chunks(_ size: Int) async throws {
        let bytes = [UInt8](repeating: 7, count: size)
        let source = ObjectSource(bytes)
        for _ in 0..<2 {
            var sizes: [Int] = []
            for try await chunk in try await source.read() { sizes.append(chunk.count) }
            #expect(sizes.reduce(0, +) == size)
            #expect(sizes.dropLast().allSatisfy { $0 == 1 << 20 })
            #expect(sizes.allSatisfy { (1...(1 << 20)).contains($0) })
        }
        let part = size / 3..<size
        let found: [UInt8] = try await AsyncPull.chunks(of: bytes, part).flattened()
        #expect(found.count == part.count)
    }
}
