"""The cache of compiled code, which clones share and other modules do not."""

from pathlib import Path

from birnn.experiments.kernels import ByContent


def write_module(folder: Path, name: str, code: str) -> str:
    file = folder.joinpath(*name.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in file.relative_to(folder).parents[:-1]:
        (folder / package / "__init__.py").touch()
    file.write_text(code, encoding="utf-8")
    return str(file)


def test_cache_depends_on_name_and_code(tmp_path: Path) -> None:
    modules = [
        ("one", "package.inner.module", "code = 1"),
        ("other", "package.other.module", "code = 1"),
        ("other", "package.inner.other", "code = 1"),
        ("another", "package.inner.module", "code = 2"),
    ]
    folders = [
        ByContent.get_suitable_cache_subpath(write_module(tmp_path / folder, *module))
        for folder, *module in [*modules, ("clone", "package.inner.module", "code = 1")]
    ]
    assert len(set(folders)) == len(modules)
    assert folders[0] == folders[-1]
