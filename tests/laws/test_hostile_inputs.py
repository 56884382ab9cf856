"""Law: whatever stands in an input, its reader answers or refuses in a message of ours; it never crashes or hangs."""

import importlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import VALUES, encoded, examples, mutated, only_refusals
from hypothesis import given
from hypothesis import strategies as st

import clustersim
from clustersim.des.serving.traces import read_trace
from clustersim.des.training.log import read_failure_log
from clustersim.finance.audit.run import audit_texts
from clustersim.finance.consensus import read_consensus
from clustersim.reading.guarded import decode
from clustersim.reading.jsontext import parse_json
from clustersim.reading.tables import parse_table
from clustersim.report.text import to_json
from clustersim.schema.base import validate
from clustersim.schema.company import AnchorFile
from clustersim.schema.company_load import load_company_file
from clustersim.schema.imports.registry import import_file
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.overrides import parse_overrides
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import KINDS, load_profile
from clustersim.schema.yamlfile import parse_yaml, read_yaml
from clustersim.study.distributions import make_distribution
from clustersim.study.search import parse_constraint
from clustersim.study.space import parse_axis
from clustersim.study.spec import read_study
from clustersim.study.store import StudyStore
from clustersim.units import parse_quantity, to_float
from clustersim.validation.common import summarise
from clustersim.validation.domains import DOMAINS, read_rows

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(clustersim.__file__).parent / "data"
PLACE = Path(tempfile.mkdtemp(prefix="hostile-"))

LOG = "time_h,component,domain,end_h\n10,gpu,node,12\n20,gpu,node,21\n"
CONSENSUS = "FY,Sales (RMB mn),Net profit\n2026E,2200,100\n2027E,3300,200\n"
TRACE = "arrival_s,prompt_tokens,output_tokens\n0,5,5\n1.5,7,9\n2023-11-16 18:15:46.68,374,44\n"
LINES = '{"timestamp": 0, "input_length": 7, "output_length": 3, "hash_ids": [1, 2]}\n' * 3
STATEMENT = "item,period,value,unit\nrevenue,2025,100,CNY_thousand\nrevenue,2026E,200,CNY_thousand\n"


CONFIG = json.dumps(
    {
        "model_type": "deepseek_v3", "architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 2048,
        "num_hidden_layers": 12, "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 8192,
        "vocab_size": 32000, "q_lora_rank": 512, "kv_lora_rank": 256, "qk_nope_head_dim": 64, "qk_rope_head_dim": 32,
        "v_head_dim": 64, "n_routed_experts": 64, "num_experts_per_tok": 6, "n_shared_experts": 2,
        "moe_intermediate_size": 1024, "first_k_dense_replace": 1, "torch_dtype": "bfloat16",
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}, "tie_word_embeddings": False,
    },
    indent=1,
)  # fmt: skip
OLD = "name: x\nkind: serving\nmodel: llama3-70b\ncluster: {card: H100}\ntraffic: {rate: 3 1/s}\ncost: {}\n"


def put(name: str, data: bytes) -> Path:
    path = PLACE / name
    path.write_bytes(data)
    return path


def first(folder: str) -> Path:
    return sorted((ROOT / folder).glob("*.yaml"))[0]


def by_file(load: Callable[[str], Any], name: str) -> Callable[[bytes], Any]:
    return lambda data: load(str(put(name, data)))


def profile(kind: str) -> tuple[Path, Callable[[bytes], Any]]:
    path = first(KINDS[kind][0])
    return path, by_file(lambda name: load_profile(kind, name), path.name)


def damaged_study(data: bytes) -> Any:
    folder = PLACE / "study"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(data)
    (folder / "design.json").write_bytes(data)
    return StudyStore(folder).spec()


DOORS = {
    "serving": '{"completed": 2, "total_input_tokens": 20, "total_output_tokens": 8, "duration": 2.0,'
    ' "output_throughput": 4.0, "request_rate": Infinity, "max_concurrency": 1}\n',
    "collectives": "# nThread 1 nGpus 2\n#  Rank 0 Group 0 Pid 1 on a device 0 [0x1b] NVIDIA H100\n"
    "#  Rank 1 Group 0 Pid 2 on a device 1 [0x1c] NVIDIA H100\n"
    "#  size  count  type  redop  root  time  algbw  busbw #wrong\n"
    "  1048576 262144 float sum -1 10.0 104.86 104.86 0\n",
    "training": "  seq_length ... 128\n"
    " iteration 1/ 10 | elapsed time per iteration (ms): 100.0 | global batch size: 8 |\n",
    "power": "timestamp, index, name, power.draw [W]\n2026/06/18 00:00:00.000, 0, NVIDIA H100, 100.00 W\n",
    "operators": "m,n,k,dtype,time_us,tflops\n1000,1000,1000,bf16,10.0,200.0\n",
    "prices": "part,price,currency,lead time\nnic-400g,1650,USD,10 weeks\n",
    "jobs": "name,cards,arrives_s,work_s\na,8,0,10\n",
    "requests": TRACE,
    "failures": LOG,
}
MANIFEST = json.dumps(
    {"identity": {"kind": "sweep", "scenario": "x", "version": "1", "points": 3}, "outputs": ["mfu"]},
    indent=1,
)
#: every schema and reader -> a right text for it, and the call that reads a file's bytes
READERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    **{kind: (p.read_text(encoding="utf-8"), call) for kind in KINDS for p, call in [profile(kind)]},
    **{
        name: ((ROOT / f"scenarios/{name}.yaml").read_text(encoding="utf-8"), by_file(load_inputs, "s.yaml"))
        for name in ("nanjing-1024", "br166-mixed", "serve-llama3-70b", "video-analytics-5g", "shared-1024")
    },
    **{
        name: (
            (ROOT / f"scenarios/company/{name}.yaml").read_text(encoding="utf-8"),
            by_file(load_company_file, "c.yaml"),
        )
        for name in ("biren", "metax")
    },
    "anchors": (
        (ROOT / "scenarios/company/anchors.yaml").read_text(encoding="utf-8"),
        by_file(lambda name: validate(AnchorFile, read_yaml(name)), "a.yaml"),
    ),
    "config": (CONFIG, lambda data: import_file(put("config.json", data))),
    **{
        f"door {kind}": (text, lambda data, kind=kind: import_file(put("door.txt", data), kind))
        for kind, text in DOORS.items()
    },
    "old form": (OLD, by_file(load_inputs, "o.yaml")),
    "prices": (
        first("hwprofiles/prices").read_text(encoding="utf-8"),
        by_file(lambda name: validate(PriceBook, read_yaml(name), require_source=True), "p.yaml"),
    ),
    "study": (
        (ROOT / "scenarios/studies/target-price-mc.yaml").read_text(encoding="utf-8"), by_file(read_study, "t.yaml")
    ),
    "manifest": (MANIFEST, damaged_study),
    "log": (LOG, lambda data: read_failure_log(put("log.csv", data))),
    "trace": (TRACE, lambda data: read_trace(put("t.csv", data))),
    "json lines": (LINES, lambda data: read_trace(put("t.jsonl", data))),
    "consensus": (CONSENSUS, lambda data: read_consensus(decode(data, "c.csv").text, "c.csv")),
    "audit": (STATEMENT, lambda data: audit_texts({"income_statement": decode(data, "i.csv").text}).rows()),
    "sample": ("value\n1\n2\n3\n", lambda data: make_distribution("k", "empirical", {}, file=str(put("d.csv", data)))),
    "table": (LOG, lambda data: parse_table(decode(data, "t.csv"))),
    "json": (MANIFEST, lambda data: parse_json(decode(data, "x.json").text, "x.json")),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_answers_or_refuses(name: str) -> None:
    text, read = READERS[name]

    @examples(25)
    @given(encoded(text))
    def law(data: bytes) -> None:
        only_refusals(read, data)

    only_refusals(read, text.encode())
    law()


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_answers_or_refuses_2000_inputs(name: str) -> None:
    text, read = READERS[name]

    @examples(2000)
    @given(encoded(text))
    def law(data: bytes) -> None:
        only_refusals(read, data)

    law()


@examples(300)
@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    for name in ("yaml", "json", "table", "trace"):
        read = {"yaml": lambda d: read_yaml(put("b.yaml", d))}.get(name) or READERS[name][1]
        only_refusals(read, data)


@examples(300)
@given(st.text(max_size=60) | st.sampled_from(VALUES))
def test_any_text_of_an_option_is_read_or_refused(text: str) -> None:
    only_refusals(parse_axis, f"tco.pue={text}")
    only_refusals(parse_axis, text)
    only_refusals(parse_overrides, [f"tco.pue={text}"])
    only_refusals(parse_overrides, [text])
    only_refusals(parse_constraint, "mfu", text)
    only_refusals(parse_quantity, text)
    only_refusals(to_float, text, "GB/s")
    only_refusals(parse_yaml, text, "x.yaml")
    only_refusals(lambda: load_inputs("nanjing-1024", {"tco.pue": text, "cards.BR106M.peak.bf16": text}))


def cells(domain: str) -> str:
    """The header and some rows of a domain's shipped measurements, spread over the file."""
    lines = (DATA / "validation" / DOMAINS[domain][1]).read_text(encoding="utf-8").splitlines()
    return "\n".join([lines[0], *lines[1 :: max(1, len(lines) // 6)][:6], ""])


def measured(domain: str) -> Callable[[bytes], Any]:
    module = importlib.import_module(DOMAINS[domain][0])

    def read(data: bytes) -> Any:
        return to_json(summarise(domain, module.predict(list(read_rows(put("m.csv", data)).rows))))

    return read


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_measurements_are_predicted_left_out_or_refused(domain: str) -> None:
    read = measured(domain)

    @examples(4)
    @given(mutated(cells(domain)))
    def law(text: str) -> None:
        only_refusals(read, text.encode("utf-8", "replace"))

    law()


@pytest.mark.full
@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_measurements_are_predicted_left_out_or_refused_200_times(domain: str) -> None:
    read = measured(domain)

    @examples(200)
    @given(mutated(cells(domain)))
    def law(text: str) -> None:
        only_refusals(read, text.encode("utf-8", "replace"))

    law()
