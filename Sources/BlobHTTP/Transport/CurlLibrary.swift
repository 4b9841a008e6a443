internal import CLibCurl
internal import ObjectStorage

/// libcurl, which whoever first needs it loads: most commands speak no HTTP, and would spend more time on loading it
/// than on their work.
enum CurlLibrary {
    /// Why it cannot be used; nil when it can. Must be asked for before anything else of it; found out once.
    static let flaw: StoreError? = {
        if let missing = blob_curl_load() {
            return StoreError(
                .unavailable, "libcurl cannot be loaded (\(String(cString: missing))); install it (Debian: libcurl4)",
                isRetryable: false)
        }
        if blob_curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK { return nil }
        return StoreError(.unavailable, "this process has no memory left for connections")
    }()

    /// What it calls a code.
    static func words(for code: CURLcode) -> String {
        flaw == nil ? String(cString: blob_curl_easy_strerror(code)) : "code \(code.rawValue)"
    }
}
