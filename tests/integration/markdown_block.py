"""Measured figures between two markers of a Markdown file."""


def write_block(path, name, title, command, text):
    """Replaces what stands between the markers of `name`; appends a section if there are none."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->\n"
    old = path.read_text(encoding="utf-8")
    if begin in old:
        head, rest = old.split(begin, 1)
        text = head + begin + text + end + rest.split(end, 1)[1]
    else:
        text = f"{old.rstrip()}\n\n## {title}\n\n`{command}`\n\n" + begin + text + end
    path.write_text(text, encoding="utf-8")
