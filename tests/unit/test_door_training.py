"""Training logs come in as the median step after warm-up with its plan, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

from pathlib import Path

import pytest
from doors import Put, predicted, put, read, refused

__all__ = ["put"]  # a fixture


ARGUMENTS = """using world size: 16, data-parallel size: 2, context-parallel size: 1, tensor-model-parallel size: 4, pipeline-model-parallel size: 2
------------------------ arguments ------------------------
  bf16 ............................................ True
  ffn_hidden_size ................................. 11008
  fp8 ............................................. None
  global_batch_size ............................... 64
  group_query_attention ........................... False
  hidden_size ..................................... 4096
  micro_batch_size ................................ 1
  num_attention_heads ............................. 32
  num_experts ..................................... None
  num_layers ...................................... 32
  num_query_groups ................................ 1
  padded_vocab_size ............................... 32000
  pipeline_model_parallel_size .................... 2
  recompute_granularity ........................... selective
  seq_length ...................................... 4096
  sequence_parallel ............................... True
  tensor_model_parallel_size ...................... 4
  use_distributed_optimizer ....................... True
  world_size ...................................... 16
-------------------- end of arguments ---------------------
"""


def megatron(times: list[float], prefix: str = "", first: int = 1) -> str:
    return "".join(
        f"{prefix} [2026-09-01 10:00:{i:02d}] iteration {i + first:8d}/     100 | consumed samples: {64 * i:12d} |"
        f" elapsed time per iteration (ms): {1e3 * t:.1f} | throughput per GPU (TFLOP/s/GPU): {800 / t:.1f} | learning rate:"
        f" 1.0E-05 | global batch size:    64 | lm loss: 1.0E+01 | number of nan iterations:   0 |\n"
        for i, t in enumerate(times)
    )  # fmt: skip


TIMES = [9.0, 3.0, 2.0, 2.0, 2.02, 1.98, 5.0, 2.0, 2.01, 1.99]
NEMO = "".join(
    f"retraining/0 [default0]:Training epoch 0, iteration {i}/99 | lr: 1e-06 | global_batch_size: 128 | global_step: {i} |"
    f" reduced_train_loss: 11.9 | train_step_timing in s: {t} | consumed_samples: {128 * i}\n"
    for i, t in enumerate([30.0, 12.5, 12.4, 12.4, 12.4, 12.3])
)  # fmt: skip
DEEPSPEED = "deepspeed --num_gpus 8 train.py --seq-length 2048 --hidden-size 4096\n" + "".join(
    f"[2026-05-31 12:00:{i:02d},123] [INFO] [timer.py:264:stop] epoch=0/micro_step={i}/global_step={i},"
    f" RunningAvgSamplesPerSec=16.0, CurrSamplesPerSec={r}, MemAllocated=10.0GB, MaxMemAllocated=30.0GB\n"
    for i, r in ((10, 8.0), (20, 16.0), (30, 16.0), (40, 16.0), (50, 15.0))
)  # fmt: skip
DS_CONFIG = "[INFO] [config.py:1000:print]   train_batch_size ............. 64\n[INFO] [config.py:1000:print]   zero_optimization_stage ...... 3\n"


def test_megatron_median_after_warm_up_with_outliers_named(put: Put, tmp_path: Path) -> None:
    made = read(put(ARGUMENTS + megatron(TIMES)), given={"gpu": "A100-80G", "model": "own 7B"})
    (row,) = made.rows
    assert row["iteration_time_s"] == pytest.approx(2.0) and row["outliers"] == "iteration 7: 5 s"
    wanted = {"layers": 32, "hidden": 4096, "heads": 32, "kv_heads": None, "vocab": 32000, "seq_len": 4096, "tp": 4,
              "pp": 2, "dp": 2, "cp": 1, "n_gpus": 16, "global_batch": 64, "micro_batch": 1, "seq_parallel": "yes",
              "recompute": "selective", "zero_stage": 1, "dtype": "bf16", "date": "2026-09-01"}  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted
    assert row["tokens_per_s_per_gpu"] == pytest.approx(64 * 4096 / 2.0 / 16)
    (found,) = predicted("training", made, tmp_path)
    assert found.reason == "" and found.measured == pytest.approx(2.0) and found.predicted


def test_the_case_of_one_line(put: Put) -> None:
    (row,) = read(put(megatron([5.3214], first=10))).rows
    assert (row["iteration_time_s"], row["global_batch"], row["notes"]) == (
        5.3214, 64, "median of 1 printed steps, iterations 10-10")  # fmt: skip


def test_nemo_and_its_prefixes(put: Put) -> None:
    (row,) = read(put(NEMO)).rows
    assert (row["iteration_time_s"], row["global_batch"], row["software"]) == (12.4, 128, "NeMo")


def test_deepspeed_samples_per_second_with_its_batch(put: Put) -> None:
    (row,) = read(put(DS_CONFIG + DEEPSPEED)).rows
    assert (
        row["iteration_time_s"] == pytest.approx(4.0) and row["zero_stage"] == 3 and row["global_batch"] == 64
    )
    assert (row["seq_len"], row["hidden"]) == (2048, 4096)
    pipe = "".join(
        f"steps: {i} loss: 11.3 iter time (s): {t} samples/sec: 51.8\n"
        for i, t in ((1, 9.0), (2, 1.25), (3, 1.25), (4, 1.25))
    )
    assert read(put(pipe)).rows[0]["iteration_time_s"] == 1.25


def test_a_restart_and_two_ranks(put: Put) -> None:
    text = (
        megatron([9.0, 2.0, 2.0], "[default7]:")
        + megatron([4.0] * 3, "[default7]:", 2)
        + megatron([7.0], "[default0]:")
    )
    made = read(put(text))
    assert made.rows[0]["iteration_time_s"] == 4.0
    assert any("2 ranks print" in s for s in made.said) and any("a restart" in s for s in made.said)


def test_a_few_torn_lines_are_left_out_and_named(put: Put) -> None:
    lines = megatron(TIMES).splitlines(keepends=True)
    lines[4] = lines[4][:60] + lines[5]
    made = read(put("".join(lines[:-1]) + lines[-1][:70]))
    assert made.rows[0]["steps"] == 7 and any("torn lines of iterations, left out: 5" in s for s in made.said)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (megatron([2.0] * 4).replace("2000.0", "2000,0"), "", ("Megatron-LM", "decimal comma")),
        (megatron([2.0])[:110], "training", ("no training log",)),
        ("".join(a[:80] + b for a, b in zip(*(megatron([2.0] * 4, p).splitlines(keepends=True) for p in ("", " ")), strict=True)),
         "", ("Megatron-LM", "torn", "rank")),
        (DEEPSPEED, "", ("DeepSpeed", "train_batch_size")),
        (ARGUMENTS, "training", ("no training log",)),
        (ARGUMENTS.replace("num_experts ..................................... None", "num_experts ... 8") + megatron(TIMES), "",
         ("experts", "--given model")),
    ],
)  # fmt: skip
def test_broken_training_logs_are_refused(put: Put, text: str, kind: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words, kind=kind)
