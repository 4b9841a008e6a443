internal import BlobStore
internal import BlobSystem

extension StoreError {
    /// What concerns the root as a whole, told of the root and with what to do; nil for what concerns the one file.
    ///
    /// A file on its way in has a name that tells nobody anything.
    func ofWholeRoot(_ root: String) -> StoreError? {
        guard case .errno(let number, let call) = cause else { return nil }
        let errno = Errno(rawValue: number)
        let sentence: String
        switch errno {
        case .noSpace: sentence = "\(root) is full: free space there, and do the same again"
        case .quotaExceeded: sentence = "the quota on \(root) is used up: raise it or free space, and do the same again"
        case .readOnlyFilesystem: sentence = "\(root) is mounted read-only: mount it for writing"
        case .fileTooLarge: sentence = "the content is larger than \(root) or a limit of this process allows"
        case .accessDenied where isOfStaging, .notPermitted where isOfStaging:
            sentence = "this account may not write to \(root): give it the permission, or use another account"
        default: return nil
        }
        return StoreError(code, "\(sentence) (\(call): \(errno))", isRetryable: isRetryable, cause: cause)
    }

    private var isOfStaging: Bool { message.hasPrefix("./\(Staging.name)/") }
}
