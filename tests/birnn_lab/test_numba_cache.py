"""The cache of compiled code, which clones share and other modules do not."""

from pathlib import Path

from birnn_lab.numba_cache import ByContent


def cache_folder(module: Path, code: str) -> str:
    module.parent.mkdir(parents=True, exist_ok=True)
    for package in (module.parent, module.parent.parent):
        (package / "__init__.py").touch()
    module.write_text(code, encoding="utf-8")
    return ByContent.get_suitable_cache_subpath(str(module))


def test_cache_depends_on_name_and_code(tmp_path: Path) -> None:
    modules = [
        ("one/package/inner/module.py", "code = 1"),
        ("other/package/other/module.py", "code = 1"),
        ("other/package/inner/other.py", "code = 1"),
        ("other/module/inner/module.py", "code = 1"),
        ("another/package/inner/module.py", "code = 2"),
    ]
    folders = {cache_folder(tmp_path / file, code) for file, code in modules}
    assert len(folders) == len(modules)
    assert cache_folder(tmp_path / "clone/package/inner/module.py", "code = 1") in folders
