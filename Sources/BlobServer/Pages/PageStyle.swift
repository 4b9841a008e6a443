/// The style sheet of a node's pages: readable in light and dark. In a window too narrow for a table each row is a
/// block of lines, which say the names of their columns.
enum PageStyle {
    static let text = """
        :root{color-scheme:light dark;
        --ink:#1c2430;--soft:#5b6675;--paper:#fff;--line:#e3e7ec;--link:#1f5fa8;--bad:#b3261e}
        @media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--paper:#12161c;--line:#2a313b;
        --link:#79b0e8;--bad:#ff8a80}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1.2rem 1.2rem 4rem;max-width:72rem;font:16px/1.5 system-ui,sans-serif;
        color:var(--ink);background:var(--paper)}
        nav{border-bottom:1px solid var(--line);padding-bottom:.8rem}nav a{margin-right:1.2rem;font-weight:600}
        a{color:var(--link);text-underline-offset:.2em}
        a:focus-visible,input:focus-visible,button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        h1{font-size:1.5rem;margin:1.2rem 0 .8rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .6rem}
        input,button{font:inherit;padding:.3rem .6rem;border:1px solid var(--soft);border-radius:.4rem;
        color:inherit;background:transparent;max-width:100%}
        .wide{overflow-x:auto}
        table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6rem 0}
        th,td{text-align:left;vertical-align:top;padding:.4rem .9rem .4rem 0;border-bottom:1px solid var(--line)}
        th{color:var(--soft);font-weight:500;font-size:.9rem}
        td:first-child{overflow-wrap:anywhere;min-width:11rem}td:last-child{overflow-wrap:anywhere}
        .bad{color:var(--bad);font-weight:600}
        @media (max-width:40rem){thead{display:none}table,tbody{display:block}
        tr{display:block;border-bottom:1px solid var(--line);padding:.5rem 0}
        td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;overflow-wrap:anywhere}
        td:first-child{font-weight:600}td:empty{display:none}
        td:not(:first-child)::before{content:attr(data-name);color:var(--soft);font-size:.9rem;flex:none}}
        """
}
