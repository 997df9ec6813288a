"""What bench_peers.py measured, as a table and as a picture."""
from html import escape

BAR, LINE, LEFT, RIGHT = 16, 24, 330, 60


def flat(results):
    for group, result in results.items():
        for row in result["rows"]:
            yield group, result, row


def table(results):
    lines = []
    for group, result in results.items():
        lines.append(f"{result['preset']}, {result['frames']} frames, {result['threads']} threads, medians of "
                     f"{result['counted']} or more; matrix products reach {2 * result['peak_gmacs']:.0f} GFLOP/s in bf16")
        for row in result["rows"]:
            verdict = "" if row["ratio"] >= row["target"] else "  (missed)"
            lines.append(f"  {row['work']:<32}{row['ours_ms']:>9.1f} ms  {row['against']:<16}{row['peer_ms']:>9.1f} ms"
                         f"{row['ratio']:>7.2f}x  of {row['target']}x{verdict}")
        lines.append("  all peers: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in result["peers"].items()))
        for stage in result["stages"]:
            lines.append(f"  {stage['precision']:<5}{stage['stage']:<12}{stage['ms']:>9.2f} ms {stage['gmac']:>8.2f} GMAC"
                         f"{stage['gmacs']:>8.1f} GMAC/s{100 * stage['share_of_bf16_peak']:>6.0f} % of bf16's peak")
        for name, difference in result.get("logit_difference", {}).items():
            lines.append(f"  logits of {name}: within {difference:.2g} of PyTorch's float32")
        lines.append("")
    return "\n".join(lines)


def picture(results):
    """Bars: how many times faster than the peer, the wanted ratio as a line."""
    rows = list(flat(results))
    largest = max([1, *(max(row["ratio"], row["target"]) for _, _, row in rows)])
    scale = 420 / largest
    width, height = LEFT + 420 + RIGHT, LINE * len(rows) + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="{LEFT}" y="18">times as fast as the peer; line: what is wanted</text>']
    for index, (group, _, row) in enumerate(rows):
        top = 30 + index * LINE
        length = row["ratio"] * scale
        target = LEFT + row["target"] * scale
        label = escape(f"{group}, {row['work']} / {row['against']}")
        out.append(f'<text x="{LEFT - 8}" y="{top + 12}" text-anchor="end" font-size="11">{label}</text>')
        out.append(f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" fill="#3b7ea1"/>')
        out.append(f'<line x1="{target:.1f}" x2="{target:.1f}" y1="{top - 2}" y2="{top + BAR + 2}" stroke="#c4381a" '
                   'stroke-width="2"/>')
        out.append(f'<text x="{LEFT + max(length, row["target"] * scale) + 6:.1f}" y="{top + 12}">{row["ratio"]:.2f}x</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
