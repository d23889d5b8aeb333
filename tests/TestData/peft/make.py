"""Makes the samples of this folder: adapters as PEFT saves them, and what PEFT makes of them.

    python make.py            needs torch and peft; the samples here are by the version that versions.txt tells

Each case is a folder with adapter_model.safetensors, adapter_config.json, and expected.safetensors, which holds the change
of each weight that PEFT adds up when it merges. patterns.json tells which of several patterns PEFT takes for a name.
"""
import json, pathlib, random, shutil, sys

import torch
from torch import nn
import peft
from peft import LoHaConfig, LoKrConfig, LoraConfig, PeftModel, get_peft_model
from peft.utils.other import get_pattern_key
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
PeftModel.create_or_update_model_card = lambda *arguments: None


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q = nn.Linear(12, 10)
        self.to_k = nn.Linear(12, 8)
        self.conv = nn.Conv2d(3, 5, 3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(3)])
        self.to_q = nn.Linear(9, 7)
        self.emb = nn.Embedding(11, 6)
        self.head = nn.Linear(6, 4)


LAYERS = ["to_q", "to_k", "conv"]
CASES = {
    "plain": LoraConfig(r=4, lora_alpha=16, target_modules=LAYERS),
    "patterns": LoraConfig(
        r=4, lora_alpha=16, use_rslora=True, target_modules=LAYERS,
        rank_pattern={r"blocks\.[12]\.to_q": 3, "to_k": 2, r"^to_q": 5},
        alpha_pattern={"to_k": 3, r"blocks\.\d+\.to_[qk]": 6, "conv": 1}),
    "dora": LoraConfig(r=2, lora_alpha=6, use_dora=True, target_modules=["to_q", "conv"]),
    "others": LoraConfig(r=3, lora_alpha=7, bias="all", target_modules=["to_q", "emb"], modules_to_save=["head"]),
    "lora_bias": LoraConfig(r=3, lora_alpha=6, lora_bias=True, target_modules=["to_q", "to_k"], alpha_pattern={"to_k": 3}),
    "loha": LoHaConfig(r=2, alpha=5, target_modules=["to_q", "to_k"], rank_pattern={"to_k": 3}),
    "lokr": LoKrConfig(r=2, alpha=5, target_modules=["to_q", "to_k"], alpha_pattern={"to_k": 3}),
}


def make(name, config):
    torch.manual_seed(0)
    model = get_peft_model(Net(), config).eval()
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.data.normal_(std=0.5)
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)

    # As it is loaded: PEFT sorts keys when it saves, and of several patterns that fit the first one holds.
    model = PeftModel.from_pretrained(Net(), folder, torch_device="cpu")
    changes = {key: module.get_delta_weight("default").double().contiguous() for key, module in model.base_model.model.named_modules() if hasattr(module, "get_delta_weight")}
    save_file(changes, folder / "expected.safetensors")


def patterns():
    names = ["to_q", "blocks.0.to_q", "blocks.1.to_q", "blocks.11.to_q", "blocks_1.to_q", "x.blocks.1.to_q", "blocks.1.to_k", "mid.proj", "a+b"]
    keys = ["to_q", "blocks.1.to_q", r"blocks\.1\.to_q", "^to_q", "^blocks.1.to_q$", r"blocks\.\d\.to_.", "to_k|mid", "(to_k|mid.proj)", ".*q", "q", "x", r"^(?!.*blocks).*to_q", "a+b",
            "blocks.(?P<n>1+).to_q", "mid.proj$", "TO_Q", r"\w+\.to_q", ".", ""]
    random.seed(1)
    return [dict(patterns=some, name=name, found=get_pattern_key(some, name)) for some in ([key] for key in keys) for name in names] + [
        dict(patterns=(some := random.sample(keys, 4)), name=(name := random.choice(names)), found=get_pattern_key(some, name)) for _ in range(60)]


for case, case_config in CASES.items():
    make(case, case_config)
(HERE / "patterns.json").write_text(json.dumps(patterns(), indent=0) + "\n")
(HERE / "versions.txt").write_text(f"peft {peft.__version__}, torch {torch.__version__}\n")
