/// The style sheet of the HTML report: readable in light and dark, on paper and on a telephone.
enum HTMLStyle {
    static let text = """
        :root{--ink:#1c2430;--soft:#5b6675;--paper:#fff;--line:#e3e7ec;--card:#f6f8fa;
        --good:#1a7f4b;--bad:#b3261e;--warn:#9a6700;--info:#3b6ea5}
        @media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--paper:#12161c;--line:#2a313b;--card:#1a2029;
        --good:#4cc38a;--bad:#ff8a80;--warn:#e3b341;--info:#79b0e8}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:2rem 1.2rem 4rem;max-width:60rem;font:16px/1.55 system-ui,sans-serif;
        color:var(--ink);background:var(--paper)}
        header{border-left:6px solid var(--good);padding:.2rem 0 .2rem 1.2rem;margin-bottom:2rem}
        header.damaged{border-color:var(--bad)}header.incomplete{border-color:var(--warn)}
        header h1{margin:.1rem 0;font-size:2.4rem;line-height:1.1;color:var(--good)}
        header.damaged h1{color:var(--bad)}header.incomplete h1{color:var(--warn)}
        .kind,.root,footer,.cards span{color:var(--soft);font-size:.9rem;margin:.2rem 0}
        h2{font-size:1.15rem;margin:2.4rem 0 .8rem}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.8rem}
        .cards div{background:var(--card);border-radius:.6rem;padding:.8rem 1rem}
        .cards b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
        table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
        th{color:var(--soft);font-weight:500;font-size:.9rem}.n{text-align:right}
        article{border:1px solid var(--line);border-radius:.6rem;padding:.7rem 1rem;margin:.6rem 0}
        article h3{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
        article p{margin:.3rem 0}
        code{font:.85em ui-monospace,monospace;color:var(--soft);overflow-wrap:anywhere}
        i{font-style:normal;font-size:.82rem;font-weight:600;padding:.1rem .45rem;border-radius:1rem;border:1px solid}
        i.error,i.damaged{color:var(--bad)}i.warning,i.incomplete{color:var(--warn)}i.info{color:var(--info)}
        i.sound{color:var(--good)}
        a{color:inherit}a:has(i){text-decoration:none}a:focus-visible{outline:2px solid var(--info);outline-offset:2px}
        article:has(:target),section:target h2{background:var(--card)}
        .chart{display:grid;grid-template-columns:max-content 1fr max-content;gap:.35rem .7rem;align-items:center;
        max-width:40rem;font-size:.9rem;font-variant-numeric:tabular-nums}
        .chart a{text-align:right}.chart b{display:block;height:1.1rem;border-radius:.2rem}
        b.error{background:var(--bad)}b.warning{background:var(--warn)}b.info{background:var(--info)}
        @media (max-width:40rem){thead{display:none}table,tbody{display:block}
        tr{display:grid;grid-template-columns:1fr 1fr;gap:.1rem 1rem;border-bottom:1px solid var(--line);
        padding:.6rem 0}
        td,td.n{display:flex;justify-content:space-between;gap:.6rem;border:0;padding:.1rem 0;text-align:left}
        td[data-name=feed]{grid-column:1/-1;font-weight:600;overflow-wrap:anywhere}
        td:not([data-name=feed])::before{content:attr(data-name);color:var(--soft);font-size:.9rem}}
        footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.8rem}
        """
}
