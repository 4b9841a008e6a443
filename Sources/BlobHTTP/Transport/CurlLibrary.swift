internal import CLibCurl
internal import ObjectStorage
internal import Synchronization

/// libcurl, which whoever first needs it loads: most commands speak no HTTP, and would spend more time on loading it
/// than on their work.
enum CurlLibrary {
    private static let isLoaded = Mutex(false)

    /// Why it cannot be used; nil when it can. Must be asked for before anything else of it. What has failed is tried
    /// again when it is asked for again: there may be open files, or memory, or the library by then.
    static var flaw: StoreError? {
        isLoaded.withLock { isLoaded in
            if isLoaded { return nil }
            if let missing = blob_curl_load() {
                return StoreError(
                    .unavailable,
                    "libcurl cannot be loaded (\(String(cString: missing))); install it (Debian: libcurl4)",
                    isRetryable: false)
            }
            isLoaded = blob_curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
            return isLoaded ? nil : StoreError(.unavailable, "this process has no memory left for connections")
        }
    }

    /// What it calls a code.
    static func words(for code: CURLcode) -> String {
        flaw == nil ? String(cString: blob_curl_easy_strerror(code)) : "code \(code.rawValue)"
    }
}
