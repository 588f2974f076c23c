"""GPT-2 in plain PyTorch: pre-LN blocks, tanh GELU, learned position embeddings, a head tied to the token embedding; and
greedy generation with two variants of a KV cache."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Linear(nn.Linear):
    """nn.Linear that can multiply a single row as matrix times vector, which is two to four times as fast in OpenBLAS."""

    columns = None

    def use_vectors(self):
        self.columns = self.weight.detach().t().contiguous().t()  # stored transposed, as in GPT-2's own files

    def forward(self, x):
        if self.columns is None or x.numel() != self.in_features:
            return super().forward(x)
        x = x.view(-1)
        y = self.columns.mv(x) if self.bias is None else torch.addmv(self.bias, self.columns, x)
        return y.view(1, 1, -1)


class Block(nn.Module):
    def __init__(self, heads, width):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = Linear(width, 3 * width), Linear(width, width)
        self.up, self.down = Linear(width, 4 * width), Linear(4 * width, width)

    def attend(self, x, cache, future):
        B, T, C = x.shape
        qkv = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)  # (3, B, H, T, D)
        q, k, v = qkv.unbind(0)
        if cache is not None:
            k, v = cache.append(k, v)
        scores = q * self.scale @ k.transpose(-2, -1)
        if future is not None:
            scores = scores.masked_fill(future, float("-inf"))
        y = F.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(B, T, C))

    def forward(self, x, cache, future):
        x = x + self.attend(self.norm1(x), cache, future)
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self, layers, heads, width, vocabulary, context):
        super().__init__()
        self.heads, self.width = heads, width
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(heads, width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        self.register_buffer("position_ids", torch.arange(context))
        self.register_buffer("future", torch.ones(context, context, dtype=torch.bool).triu(1))
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)

    def forward(self, tokens, caches=None):
        T, past = tokens.shape[1], caches[0].length if caches else 0
        x = self.tokens(tokens) + self.positions(self.position_ids[past:past + T])
        future = self.future[past:past + T, :past + T] if T > 1 else None
        for i, block in enumerate(self.blocks):
            x = block(x, caches[i] if caches else None, future)
        return self.head(self.norm(x))


class Concatenated:
    """A KV cache (1, H, T, D) that concatenates the keys and values of every new token."""

    def __init__(self, heads, length, width):
        self.k = self.v = torch.empty(1, heads, 0, width)
        self.length = 0

    def append(self, k, v):
        self.k, self.v = torch.cat((self.k, k), dim=2), torch.cat((self.v, v), dim=2)
        self.length = self.k.shape[2]
        return self.k, self.v

    def truncate(self, length):
        self.k, self.v, self.length = self.k[:, :, :length], self.v[:, :, :length], length


class Preallocated:
    """A KV cache that allocates the full length at once."""

    def __init__(self, heads, length, width):
        self.k, self.v = torch.empty(2, 1, heads, length, width).unbind(0)
        self.length = 0

    def append(self, k, v):
        begin, self.length = self.length, self.length + k.shape[2]
        self.k[:, :, begin:self.length] = k
        self.v[:, :, begin:self.length] = v
        return self.k[:, :, :self.length], self.v[:, :, :self.length]

    def truncate(self, length):
        self.length = length


def generation(model, prompt, count, cache, vectors):
    """Processes the prompt (1, T). Returns a function that generates `count` tokens greedily after the prompt."""
    model.eval()
    if vectors:
        for module in model.modules():
            if isinstance(module, Linear):
                module.use_vectors()
    T = prompt.shape[1]
    with torch.inference_mode():
        caches = [cache(model.heads, T + count, model.width // model.heads) for _ in model.blocks]
        first = model(prompt, caches)[:, -1:]

    @torch.inference_mode()
    def run():
        for c in caches:
            c.truncate(T)
        logits, generated = first, []
        for _ in range(count):
            generated.append(logits.argmax(-1))
            logits = model(generated[-1], caches)
        return torch.cat(generated, dim=1)

    return run
