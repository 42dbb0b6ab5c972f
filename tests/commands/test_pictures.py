from __future__ import annotations

import pytest

from mne_shallowalign.commands._pictures import find_pictures


def _touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_is_searched_at_any_depth(tmp_path):
    _touch(tmp_path, "b/2.PNG", "b/deep/er/1.jpeg", "a.jpg", "b.webp")
    _touch(tmp_path, ".hidden.png", "b/.hidden/3.png", "notes.txt", "b/README")
    assert find_pictures(tmp_path) == ["a.jpg", "b.webp", "b/2.PNG", "b/deep/er/1.jpeg"]


def test_a_list_is_taken_as_it_is(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("z.png\n\n  a/b c.png \nz.png\n")
    assert find_pictures(path) == ["z.png", "a/b c.png", "z.png"]


@pytest.mark.parametrize("column", ["path", "stim_file", "image"])
@pytest.mark.parametrize(("suffix", "separator"), [(".tsv", "\t"), (".csv", ",")])
def test_a_table_names_pictures_in_a_column(column, suffix, separator, tmp_path):
    path = tmp_path / f"events{suffix}"
    rows = [("onset", column), ("0.1", "b.png"), ("0.2", "n/a"), ("0.3", "a.png")]
    path.write_text("".join(f"{separator.join(row)}\n" for row in rows))
    assert find_pictures(path) == ["b.png", "a.png"]


def test_errors_say_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a folder nor a list"):
        find_pictures(tmp_path / "nothing")
    (tmp_path / "notes.txt").write_text("\n")
    for empty in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="no pictures in"):
            find_pictures(empty)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match="is not a list of pictures"):
        find_pictures(tmp_path / "a.jpg")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match="needs a column path, .* has none"):
        find_pictures(tmp_path / "empty.csv")
    (tmp_path / "events.tsv").write_text("onset\tfile\n0\ta.png\n")
    with pytest.raises(ValueError, match="needs a column path, .* has onset, file"):
        find_pictures(tmp_path / "events.tsv")
