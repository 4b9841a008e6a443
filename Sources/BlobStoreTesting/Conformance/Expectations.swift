import ObjectStorage

/// Fails unless the condition holds.
func expect(_ condition: Bool, _ expected: String, found: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(expected: expected, found: found()) }
}

/// Fails unless both are the same.
func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
    try expect(found == expected, "\(what) to be \(expected)", found: "\(found)")
}

/// Fails unless `work` throws a `StoreError` with one of the codes.
func expectError(
    _ codes: StoreError.Code..., from what: String, _ work: () async throws -> some Any
) async throws {
    let wanted = "\(what) to throw " + codes.map(\.rawValue).joined(separator: " or ")
    do {
        let value = try await work()
        throw ConformanceFailure(expected: wanted, found: "success (\(value))")
    } catch let error as StoreError {
        try expect(codes.contains(error.code), wanted, found: "\(error.code.rawValue): \(error)")
    }
}

/// Fails unless the result is a failure with that code.
func expectError(_ code: StoreError.Code, in result: Result<some Any, StoreError>, _ what: String) throws {
    guard case .failure(let error) = result else {
        throw ConformanceFailure(expected: "\(what) to fail with \(code.rawValue)", found: "\(result)")
    }
    try expectEqual(error.code, code, "the code of \(what)")
}

/// Fails unless the condition comes true before the timeout ends.
func expectSoon(
    _ what: String, within timeout: Duration, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + timeout
    while try await !condition() {
        try expect(ContinuousClock.now < deadline, what, found: "that it is not so after \(timeout)")
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// How something came out, as a value.
func attempt<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await work()) } catch { return .failure(error) }
}
