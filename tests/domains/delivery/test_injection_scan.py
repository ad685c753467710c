from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from acceptance.domains.delivery.drivers.scanners.facts import ScannerFacts
from acceptance.domains.delivery.drivers.scanners.injection import PYTHON, scan_for_injection
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

ROUTE = '@app.get("/a")\ndef a(name: str, number: int = 1, other=None):\n    '
DANGEROUS = {
    "open.py": ROUTE + "return open('/srv/' + name)",
    "async.py": ROUTE.replace("def", "async def") + "return FileResponse(BASE / name)",
    "path.py": ROUTE + "path = Path('/srv') / other\n    return path.read_text()",
    "silenced.py": ROUTE + "return open(name)  # nosemgrep",
    "no-default.py": "@router.post('/a')\nasync def a(name, *, b: int): open(name)",
    "body.py": "@router.post('/a')\nasync def a(order: Order = Body()): open(order.name)",
    "request.py": "def a(request):\n    return open(request.args['name'])",
    "template.py": ROUTE + "return Template('Dear ' + name).render()",
    "jinja.py": ROUTE + "return environment.from_string(f'Dear {name}').render()",
    "page.py": ROUTE + "return HTMLResponse(f'<p>{name}</p>')",
    "module.py": ROUTE + "return importlib.import_module(name)",
    "spawn.py": ROUTE + "return subprocess.run(name.split())",
    "shell.py": "async def a(name):\n    await asyncio.create_subprocess_shell(f'lp {name}')",
    "sh.py": "def a(name):\n    subprocess.run(['sh', '-c', f'lp {name}'])",
    "sql.py": "def a(name):\n    cursor.execute(f\"SELECT 1 WHERE a = '{name}'\")",
    "sql-part.py": "def a(name):\n    q = 'SELECT 1'\n    q += f\" WHERE a = '{name}'\"\n"
    "    cursor.execute(q)",
    "sql-percent.py": "def a(name):\n    cursor.execute(\"SELECT '%s'\" % name)",
    "sql-format.py": "def a(name):\n    cursor.execute(\"SELECT '{}'\".format(name))",
    "eval.ts": "export const a = (text: string) => eval(text);",
    "function.ts": "export const a = (text: string) => new Function(text);",
    "timer.ts": "setTimeout('a(' + location.hash + ')', 1);",
    "inner.ts": "export function a(e: HTMLElement, s: string) { e.innerHTML = s; }",
    "more.ts": "export function a(e: HTMLElement, s: string) { e.innerHTML += `<b>${s}</b>`; }",
    "outer.js": "document.body.outerHTML = location.hash;",
    "adjacent.ts": "document.body.insertAdjacentHTML('beforeend', location.hash);",
    "write.js": "document.write(location.hash);",
    "jsx.tsx": "export const A = (p: {x: string}) => "
    "<p dangerouslySetInnerHTML={{ __html: p.x }} />;",
    "jsx-open.tsx": "export const A = (p: {x: string}) => "
    "<p dangerouslySetInnerHTML={{ __html: p.x }}></p>;",
    "jsx-silenced.tsx": "// eslint-disable-next-line\nexport const A = (p: {x: string}) => "
    "<p innerHTML={p.x} />; // nosemgrep",
    "props.ts": "export const a = (x: string) => "
    "h('p', { class: 'a', dangerouslySetInnerHTML: { __html: x } });",
    "address.tsx": "export const A = () => <a href={`javascript:alert(1)`}>a</a>;",
    "command.js": "import child_process from 'child_process';\nchild_process.exec(`lp ${name}`);",
    "named.js": "import { exec } from 'node:child_process';\nexec('lp ' + name);",
    "module.js": "import * as run from 'node:child_process';\nrun.execSync('lp ' + name);",
    "files.js": "app.get('/a', (req, res) => fs.readFile('/srv/' + req.params.name, done));",
    "statement.ts": "export const a = (n: string) => pool.query(`SELECT '${n}'`);",
    "eval.sh": 'eval "$1"',
    "nested.sh": 'sh -c "lp $1"',
    "command.go": 'package a\nimport "os/exec"\n'
    'func a(n string) { exec.Command("sh", "-c", "lp "+n).Run() }',
    "statement.go": 'package a\nfunc a(n string) { db.Query("SELECT \'" + n + "\'") }',
    "load.lua": "loadstring(record.text)()",
    "command.pl": 'system("lp $name");',
    "page.html": '<a href="javascript:alert(1)">a</a>',
}
SOUND = {
    "number.py": ROUTE + "return open(f'/srv/{number}.txt')",
    "number-alone.py": "@app.get('/a')\nasync def a(number: UUID):\n    return open(number)",
    "inside.py": ROUTE + "path = (BASE / name).resolve()\n"
    "    if not path.is_relative_to(BASE):\n        raise ValueError\n"
    "    return FileResponse(path)",
    "base-name.py": ROUTE + "return open('/srv/' + os.path.basename(name))",
    "file.py": "def a(path):\n    return open(path).read()",
    "sql-bound.py": "def a(name):\n    cursor.execute('SELECT 1 WHERE a = %s', (name,))",
    "sql-columns.py": "def a(name):\n"
    "    cursor.execute(f'SELECT {_COLUMNS} FROM b WHERE a = %s', (name,))",
    "sql-number.py": "def a(seconds):\n    cursor.execute(f'SET timeout = {int(seconds)}')",
    "sql-names.py": "def a(name):\n"
    "    cursor.execute(sql.SQL('ALTER ROLE {}').format(sql.Identifier(name)))",
    "sql-helper.py": "def a(statement, name):\n    cursor.execute(statement, (name,))",
    "sql-joined.py": "def a(name):\n    cursor.execute('SELECT 1 ' 'WHERE a = %s', [name])",
    "template-of-file.py": "page = Template(Path('page.html').read_text())",
    "shell-constant.py": "subprocess.run(['sh', '-c', 'sync; sync'])",
    "text.tsx": "export const A = (p: {x: string}) => <p title={p.x}>{p.x}</p>;",
    "constant.ts": "document.body.innerHTML = '';",
    "constant.tsx": "export const A = () => "
    '<p dangerouslySetInnerHTML={{ __html: "<b>a</b>" }} />;',
    "cleaned.ts": "document.body.innerHTML = DOMPurify.sanitize(location.hash);",
    "timer-function.ts": "setTimeout(() => a(location.hash), 1); setTimeout(b, 1);",
    "statement-bound.ts": "pool.query('SELECT 1 WHERE a = $1', [name]);",
    "words.ts": "export const words = 'We evaluate (eval) nothing.';",
    "quoted.sh": "set -eu\n# No eval of $1.\n"
    'if [ "$1" \\< "$2" ]; then sh -c "echo \\$1"; fi\nexec "$@"',
    "command-plain.go": 'package a\nimport "os/exec"\n'
    'func a(n string) { exec.Command("lp", n).Run() }',
    "table.lua": "return { text = record.text }",
    "list.pl": 'eval { run() };\nsystem("lp", $name);\nprint "a `b` c";',
    "linked.html": '<script type="module" src="/src/main.tsx"></script><a href="/a">a</a>',
}


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> ScannerFacts:
    """One scan of all samples: semgrep takes seconds to start."""
    root = tmp_path_factory.mktemp("samples")
    (root / ".tools").symlink_to(ROOT / ".tools")
    for name, text in {**DANGEROUS, **SOUND}.items():
        (root / name).write_text(text + "\n")
    (root / "tests").mkdir()
    (root / "tests/eval.ts").write_text("eval(location.hash);\n")
    return scan_for_injection(root, [*DANGEROUS, *SOUND, "tests/eval.ts", "a.css"], timeout=90)


def test_every_file_is_read(scan: ScannerFacts) -> None:
    """Those in a folder that semgrep would leave out, too."""
    assert (scan.problem, scan.scanned) == ("", len(DANGEROUS) + len(SOUND) + 1)
    assert "tests/eval.ts" in {each.where for each in scan.findings}


@pytest.mark.parametrize("name", DANGEROUS)
def test_an_injection_is_found(scan: ScannerFacts, name: str) -> None:
    """Whatever comments say."""
    assert name in {each.where for each in scan.findings}


@pytest.mark.parametrize("name", SOUND)
def test_sound_code_is_not_blamed(scan: ScannerFacts, name: str) -> None:
    """A value that is checked, bound or no input reaches its place safely."""
    assert [each for each in scan.findings if each.where == name] == []


def test_what_cannot_be_read_was_not_scanned(tmp_path: Path) -> None:
    """Neither a language without rules nor a file that is no program counts as scanned."""
    with pytest.raises(EnvironmentFailure, match=r"not installed in \.tools/semgrep"):
        scan_for_injection(tmp_path, ["a.py"], timeout=30)
    (tmp_path / PYTHON).parent.mkdir(parents=True)
    shutil.copy(shutil.which("true") or "/bin/true", tmp_path / PYTHON)
    (tmp_path / "a.php").write_text("<?php eval($_GET['a']);")
    (tmp_path / "a.css").touch()
    scan = scan_for_injection(tmp_path, ["a.php", "a.css", "gone.py"], timeout=30)
    assert (scan.scanned, scan.problem) == (0, "It could not read a.php (no rules).")
    assert scan_for_injection(tmp_path, ["a.css"], timeout=30).problem == ""
