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

    private var isOneFileTooLarge: Bool {
        if case .errno(let number, _) = cause { number == Errno.fileTooLarge.rawValue } else { false }
    }
}
