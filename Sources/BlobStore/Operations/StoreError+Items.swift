internal import BlobSystem

extension StoreError {
    /// Whether this would meet every other item of the same work too.
    package var meetsEveryItem: Bool {
        switch code {
        case .cancelled, .wrongRoot, .migrating, .readOnly, .unavailable, .unsupported: true
        // One item may be larger than the filesystem allows, and others not.
        case .outOfSpace: !isOneFileTooLarge
        default: false
        }
    }

    /// Whether it says something of one place in a root, and nothing of the others: work that looks at many goes on.
    var concernsOnePlace: Bool {
        switch code {
        case .permissionDenied, .failed, .corrupt, .unsupported, .unknownFormat: circumstance != .wholeRoot
        default: false
        }
    }

    private var isOneFileTooLarge: Bool { errno == .fileTooLarge }
}
