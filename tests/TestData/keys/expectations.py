"""Makes the lists in this folder: key lists, and what each adapter layer must be paired with.

    python3 expectations.py FOLDER_OF_KEY_LISTS

The expectations are written down here from the conventions of the trainers and from the conversion scripts of the model
libraries, tensor by tensor and direction by direction. Nothing in here knows the code that is tested, and that code does
not know this. A line of an expectation is: component, path with '_' for every '.', and the rows of the checkpoint that
are meant (tensor, or tensor[first:end], several joined by ' + ', a leading ^ if transposed).
"""
import gzip
import json
import os
import re
import sys

SOURCE = sys.argv[1] if len(sys.argv) > 1 else '.'
HERE = os.path.dirname(os.path.abspath(__file__))


def load(name):
    with open(os.path.join(SOURCE, name + '.json')) as file:
        return {k: v for k, v in json.load(file).items() if k != '__source__' and k != '__note__'}


def write(name, lines):
    with open(os.path.join(HERE, name + '.txt.gz'), 'wb') as raw, gzip.GzipFile(fileobj=raw, mode='wb', compresslevel=9, mtime=0, filename='') as file:
        file.write(('\n'.join(lines) + '\n').encode())


def shape(tensor):
    return tensor[0]


def write_keys(name, keys):
    write(name, ['\t'.join([k, v[1] or 'F16', 'x'.join(map(str, shape(v)))]) for k, v in keys.items()])


def weights(keys, prefix=''):
    """Path in the part -> tensor, for linear layers and convolutions."""
    return {k[len(prefix):-len('.weight')]: k for k, v in keys.items()
            if k.startswith(prefix) and k.endswith('.weight') and 2 <= len(shape(v)) <= 5}


class Expected:
    def __init__(self, keys):
        self.keys = keys
        self.found = {}

    def say(self, component, path, rows):
        key = (component, path.replace('.', '_'))
        assert self.found.get(key, rows) == rows, (key, rows, self.found[key])
        self.found[key] = rows

    def whole(self, components, path, tensor, transposed=False):
        for component in components.split():
            self.say(component, path, ('^' if transposed else '') + tensor)

    def rows(self, components, path, *pieces):
        text = []
        for tensor, first, end in pieces:
            every = first == 0 and end == shape(self.keys[tensor])[0]
            text.append(tensor if every else f'{tensor}[{first}:{end}]')
        for component in components.split():
            self.say(component, path, ' + '.join(text))

    def thirds(self, components, tensor, *paths):
        n = shape(self.keys[tensor])[0] // 3
        assert n * 3 == shape(self.keys[tensor])[0]
        for i, path in enumerate(paths):
            self.rows(components, path, (tensor, i * n, (i + 1) * n))

    def stack(self, components, path, *tensors):
        self.rows(components, path, *[(t, 0, shape(self.keys[t])[0]) for t in tensors])

    def write(self, name):
        write(name, ['\t'.join([c, p, r]) for (c, p), r in sorted(self.found.items())])


def hf_clip(e, prefix, component):
    for path, tensor in weights(e.keys, prefix).items():
        if path.startswith('text_model.embeddings.'):
            continue
        e.whole(component, path, tensor)
        m = re.fullmatch(r'text_model\.encoder\.layers\.(\d+)\.(.*)', path)
        inner = m and {'self_attn.out_proj': 'attn.out_proj', 'mlp.fc1': 'mlp.c_fc', 'mlp.fc2': 'mlp.c_proj'}.get(m.group(2))
        if inner:
            e.whole(component, f'transformer.resblocks.{m.group(1)}.{inner}', tensor)


def open_clip(e, prefix, component):
    for path, tensor in weights(e.keys, prefix).items():
        if path == 'token_embedding':
            continue
        e.whole(component, path, tensor)
        m = re.fullmatch(r'transformer\.resblocks\.(\d+)\.(.*)', path)
        inner = {'attn.out_proj': 'self_attn.out_proj', 'mlp.c_fc': 'mlp.fc1', 'mlp.c_proj': 'mlp.fc2'}[m.group(2)]
        e.whole(component, f'text_model.encoder.layers.{m.group(1)}.{inner}', tensor)
    for k in e.keys:
        m = re.fullmatch(re.escape(prefix) + r'transformer\.resblocks\.(\d+)\.attn\.in_proj_weight', k)
        if m:
            block = f'text_model.encoder.layers.{m.group(1)}.self_attn.'
            e.thirds(component, k, block + 'q_proj', block + 'k_proj', block + 'v_proj')
    if prefix + 'text_projection' in e.keys:
        e.whole(component, 'text_projection', prefix + 'text_projection', transposed=True)


class Module:
    """A module of torch: its class, its children in the order in which they were made, and its path."""
    def __init__(self, kind, path, **children):
        self.kind, self.path, self.children = kind, path, list(children.items())

    def modules(self):
        yield self
        for _, child in self.children:
            yield from child.modules()


def sequence(kind, path, children):
    module = Module(kind, path)
    module.children = children
    return module


def leaves(kind, path, *names):
    return sequence(kind, path, [(n, Module('Linear' if n in ('time_emb_proj', 'proj') or not n.startswith('conv') else 'Conv2d', f'{path}.{n}')) for n in names])


def diffusers_unet(newer):
    """The modules of UNet2DConditionModel of SD 1.x and 2.x, by the attributes in the order of its __init__: the lists of the way
    down and the way up are made before the middle; in a block attentions come before resnets (unet_2d_blocks.py); in
    BasicTransformerBlock the feed-forward came before the second attention once, and comes last now (attention.py)."""
    def attention(path):
        block = f'{path}.transformer_blocks.0'
        parts = {n: leaves('Attention', f'{block}.{n}', 'to_q', 'to_k', 'to_v', 'to_out.0') for n in ('attn1', 'attn2')}
        parts['ff'] = Module('FeedForward', f'{block}.ff', net0=leaves('GEGLU', f'{block}.ff.net.0', 'proj'), net2=Module('Linear', f'{block}.ff.net.2'))
        inner = sequence('BasicTransformerBlock', block, [(n, parts[n]) for n in (['attn1', 'attn2', 'ff'] if newer else ['attn1', 'ff', 'attn2'])])
        return Module('Transformer2DModel', path, proj_in=Module('Conv2d', f'{path}.proj_in'), blocks=inner, proj_out=Module('Conv2d', f'{path}.proj_out'))

    def block(path, attentions, resnets, shortcuts):
        return sequence('Block', path,
                        [(f'a{i}', attention(f'{path}.attentions.{i}')) for i in range(attentions)] +
                        [(f'r{i}', leaves('ResnetBlock2D', f'{path}.resnets.{i}', 'conv1', 'time_emb_proj', 'conv2', *(['conv_shortcut'] if i < shortcuts else []))) for i in range(resnets)])

    return sequence('UNet2DConditionModel', '',
                    [(f'd{i}', block(f'down_blocks.{i}', 2 if i < 3 else 0, 2, 1 if i in (1, 2) else 0)) for i in range(4)] +
                    [(f'u{i}', block(f'up_blocks.{i}', 3 if i > 0 else 0, 3, 3)) for i in range(4)] +
                    [('m', block('mid_block', 1, 2, 0))])


def clip_modules(layers):
    """CLIPTextModel of transformers."""
    def layer(path):
        return Module('CLIPEncoderLayer', path, self_attn=leaves('CLIPAttention', f'{path}.self_attn', 'k_proj', 'v_proj', 'q_proj', 'out_proj'),
                      mlp=leaves('CLIPMLP', f'{path}.mlp', 'fc1', 'fc2'))
    return sequence('CLIPTextModel', '', [(str(i), layer(f'text_model.encoder.layers.{i}')) for i in range(layers)])


def counted(model, ancestors, kinds):
    """_find_modules_v2 of cloneofsimo/lora."""
    return [leaf.path for ancestor in model.modules() if ancestor.kind in ancestors for leaf in ancestor.modules() if leaf.kind in kinds]


ATTENTIONS = {'CrossAttention', 'Attention', 'GEGLU'}
ORDERS = [
    ('older', 'Unet', lambda layers: counted(diffusers_unet(newer=False), ATTENTIONS, {'Linear'})),
    ('newer', 'Unet', lambda layers: counted(diffusers_unet(newer=True), ATTENTIONS, {'Linear'})),
    ('without GEGLU', 'Unet', lambda layers: counted(diffusers_unet(newer=True), ATTENTIONS - {'GEGLU'}, {'Linear'})),
    ('older, extended', 'Unet', lambda layers: counted(diffusers_unet(newer=False), ATTENTIONS | {'ResnetBlock2D'}, {'Linear', 'Conv2d'})),
    ('newer, extended', 'Unet', lambda layers: counted(diffusers_unet(newer=True), ATTENTIONS | {'ResnetBlock2D'}, {'Linear', 'Conv2d'})),
    ('attention', 'TextEncoder1', lambda layers: counted(clip_modules(layers), {'CLIPAttention'}, {'Linear'})),
    ('attention and MLP', 'TextEncoder1', lambda layers: counted(clip_modules(layers), {'CLIPAttention', 'CLIPMLP'}, {'Linear'})),
]


def write_orders(e, name, layers):
    """A line for each position: the order, the component, the number, the rows of the checkpoint."""
    write('orders_' + name, ['\t'.join([order, component, str(number), e.found[component, path.replace('.', '_')]])
                             for order, component, paths in ORDERS for number, path in enumerate(paths(layers))])


def t5(e, prefix, components):
    for path, tensor in weights(e.keys, prefix).items():
        if path != 'shared' and 'relative_attention_bias' not in path:
            e.whole(components, path, tensor)


def unet_from_map(e, keymap, prefix, marker):
    """ldm names, and diffusers names as ai-toolkit maps them."""
    for path, tensor in weights(e.keys, prefix).items():
        e.whole('Unet', path, tensor)
        other = keymap.get(tensor)
        if other:
            assert other.startswith(marker) and other.endswith('.weight')
            e.whole('Unet', other[len(marker):-len('.weight')], tensor)


def transformer(e, prefix, table, in_checkpoint='original'):
    """Renames by a table of regular expressions: original -> diffusers, or with several names the parts of the original."""
    for path, tensor in weights(e.keys, prefix).items():
        e.whole('Unet', path, tensor)
        for pattern, others in table:
            m = re.fullmatch(pattern, path)
            if m:
                others(e, tensor, *m.groups())


def same(template):
    return lambda e, tensor, *g: e.whole('Unet', template.format(*g), tensor)


def thirds(*templates):
    return lambda e, tensor, *g: e.thirds('Unet', tensor, *[t.format(*g) for t in templates])


def swapped(template):
    """diffusers has scale before shift."""
    def say(e, tensor, *g):
        n = shape(e.keys[tensor])[0] // 2
        e.rows('Unet', template.format(*g), (tensor, n, 2 * n), (tensor, 0, n))
    return say


def both(*actions):
    def say(e, tensor, *g):
        for action in actions:
            action(e, tensor, *g)
    return say


def flux_linear1(e, tensor, n):
    rows, hidden = shape(e.keys[tensor])
    block = f'single_transformer_blocks.{n}.'
    for i, name in enumerate(['attn.to_q', 'attn.to_k', 'attn.to_v']):
        e.rows('Unet', block + name, (tensor, i * hidden, (i + 1) * hidden))
    e.rows('Unet', block + 'proj_mlp', (tensor, 3 * hidden, rows))
    e.rows('Unet', f'single_blocks.{n}.processor.qkv_lora', (tensor, 0, 3 * hidden))


T, S = 'transformer_blocks.{0}.', 'single_transformer_blocks.{0}.'
EMBEDDERS = [(r'time_in\.in_layer', same('time_text_embed.timestep_embedder.linear_1')),
             (r'time_in\.out_layer', same('time_text_embed.timestep_embedder.linear_2')),
             (r'vector_in\.in_layer', same('time_text_embed.text_embedder.linear_1')),
             (r'vector_in\.out_layer', same('time_text_embed.text_embedder.linear_2')),
             (r'guidance_in\.in_layer', same('time_text_embed.guidance_embedder.linear_1')),
             (r'guidance_in\.out_layer', same('time_text_embed.guidance_embedder.linear_2'))]
FLUX = EMBEDDERS + [
    (r'img_in', same('x_embedder')),
    (r'txt_in', same('context_embedder')),
    (r'final_layer\.linear', same('proj_out')),
    (r'final_layer\.adaLN_modulation\.1', swapped('norm_out.linear')),
    (r'double_blocks\.(\d+)\.img_attn\.qkv', both(thirds(T + 'attn.to_q', T + 'attn.to_k', T + 'attn.to_v'), same(T + 'attn.to_qkv'), same('double_blocks.{0}.processor.qkv_lora1'))),
    (r'double_blocks\.(\d+)\.txt_attn\.qkv', both(thirds(T + 'attn.add_q_proj', T + 'attn.add_k_proj', T + 'attn.add_v_proj'), same(T + 'attn.to_added_qkv'), same('double_blocks.{0}.processor.qkv_lora2'))),
    (r'double_blocks\.(\d+)\.img_attn\.proj', both(same(T + 'attn.to_out.0'), same('double_blocks.{0}.processor.proj_lora1'))),
    (r'double_blocks\.(\d+)\.txt_attn\.proj', both(same(T + 'attn.to_add_out'), same('double_blocks.{0}.processor.proj_lora2'))),
    (r'double_blocks\.(\d+)\.img_mlp\.0', same(T + 'ff.net.0.proj')),
    (r'double_blocks\.(\d+)\.img_mlp\.2', same(T + 'ff.net.2')),
    (r'double_blocks\.(\d+)\.txt_mlp\.0', same(T + 'ff_context.net.0.proj')),
    (r'double_blocks\.(\d+)\.txt_mlp\.2', same(T + 'ff_context.net.2')),
    (r'double_blocks\.(\d+)\.img_mod\.lin', same(T + 'norm1.linear')),
    (r'double_blocks\.(\d+)\.txt_mod\.lin', same(T + 'norm1_context.linear')),
    (r'single_blocks\.(\d+)\.linear1', flux_linear1),
    (r'single_blocks\.(\d+)\.linear2', both(same(S + 'proj_out'), same('single_blocks.{0}.processor.proj_lora'))),
    (r'single_blocks\.(\d+)\.modulation\.lin', same(S + 'norm.linear')),
]


def sd3_context_modulation(e, tensor, n):
    # The last block has shift and scale only, and in diffusers the other way round.
    rows, hidden = shape(e.keys[tensor])
    (same if rows == 6 * hidden else swapped)(T + 'norm1_context.linear')(e, tensor, n)


J = r'joint_blocks\.(\d+)\.'
SD3 = [
    (r'x_embedder\.proj', same('pos_embed.proj')),
    (r't_embedder\.mlp\.0', same('time_text_embed.timestep_embedder.linear_1')),
    (r't_embedder\.mlp\.2', same('time_text_embed.timestep_embedder.linear_2')),
    (r'y_embedder\.mlp\.0', same('time_text_embed.text_embedder.linear_1')),
    (r'y_embedder\.mlp\.2', same('time_text_embed.text_embedder.linear_2')),
    (r'final_layer\.linear', same('proj_out')),
    (r'final_layer\.adaLN_modulation\.1', swapped('norm_out.linear')),
    (J + r'x_block\.attn\.qkv', both(thirds(T + 'attn.to_q', T + 'attn.to_k', T + 'attn.to_v'), same(T + 'attn.to_qkv'))),
    (J + r'x_block\.attn2\.qkv', thirds(T + 'attn2.to_q', T + 'attn2.to_k', T + 'attn2.to_v')),
    (J + r'context_block\.attn\.qkv', both(thirds(T + 'attn.add_q_proj', T + 'attn.add_k_proj', T + 'attn.add_v_proj'), same(T + 'attn.to_added_qkv'))),
    (J + r'x_block\.attn\.proj', same(T + 'attn.to_out.0')),
    (J + r'x_block\.attn2\.proj', same(T + 'attn2.to_out.0')),
    (J + r'context_block\.attn\.proj', same(T + 'attn.to_add_out')),
    (J + r'x_block\.mlp\.fc1', same(T + 'ff.net.0.proj')),
    (J + r'x_block\.mlp\.fc2', same(T + 'ff.net.2')),
    (J + r'context_block\.mlp\.fc1', same(T + 'ff_context.net.0.proj')),
    (J + r'context_block\.mlp\.fc2', same(T + 'ff_context.net.2')),
    (J + r'x_block\.adaLN_modulation\.1', same(T + 'norm1.linear')),
    (J + r'context_block\.adaLN_modulation\.1', sd3_context_modulation),
]

B = 'blocks.{0}.'
WAN = [(r'text_embedding\.0', same('condition_embedder.text_embedder.linear_1')),
       (r'text_embedding\.2', same('condition_embedder.text_embedder.linear_2')),
       (r'time_embedding\.0', same('condition_embedder.time_embedder.linear_1')),
       (r'time_embedding\.2', same('condition_embedder.time_embedder.linear_2')),
       (r'time_projection\.1', same('condition_embedder.time_proj')),
       (r'head\.head', same('proj_out')),
       (r'blocks\.(\d+)\.ffn\.0', same(B + 'ffn.net.0.proj')),
       (r'blocks\.(\d+)\.ffn\.2', same(B + 'ffn.net.2'))]
for old, new in [('self_attn', 'attn1'), ('cross_attn', 'attn2')]:
    for o, n in [('q', 'to_q'), ('k', 'to_k'), ('v', 'to_v'), ('o', 'to_out.0')]:
        WAN.append((rf'blocks\.(\d+)\.{old}\.{o}', same(f'{B}{new}.{n}')))

L = r'(layers|noise_refiner|context_refiner)\.(\d+)\.attention\.'
Z_IMAGE = [(L + 'qkv', thirds(*['{0}.{1}.attention.' + x for x in ('to_q', 'to_k', 'to_v')])),
           (L + 'out', same('{0}.{1}.attention.to_out.0')),
           (r'x_embedder', same('all_x_embedder.2-1')),
           (r'final_layer\.(linear|adaLN_modulation\.1)', same('all_final_layer.2-1.{0}'))]


def convert(keys, prefix, table):
    """A diffusers checkpoint: what the conversion makes of the original one, names and shapes only."""
    e = Expected(keys)
    transformer(e, prefix, table)
    flat_to_dotted = {}
    class Names(Expected):
        def say(self, component, path, rows):
            flat_to_dotted[path.replace('.', '_')] = path
            super().say(component, path, rows)
    n = Names(keys)
    transformer(n, prefix, table)
    made = {}
    for (_, flat), rows in n.found.items():
        path = flat_to_dotted[flat]
        if path in weights(keys, prefix) and any(re.fullmatch(p, path) for p, _ in table):
            continue
        if '.processor.' in path or path.endswith(('to_qkv', 'to_added_qkv')):
            continue
        size, columns = 0, None
        for piece in rows.split(' + '):
            m = re.fullmatch(r'(.*?)(?:\[(\d+):(\d+)\])?', piece)
            whole = shape(keys[m.group(1)])
            size += int(m.group(3)) - int(m.group(2)) if m.group(2) else whole[0]
            columns = whole[1:]
        made[path + '.weight'] = [[size] + columns, 'BF16']
    return made


def diffusers_flux(keys):
    """Expectations against a diffusers checkpoint: BFL, fused and XLabs names are rows of several tensors."""
    e = Expected(keys)
    w = weights(keys)
    for path, tensor in w.items():
        e.whole('Unet', path, tensor)
    def half_swap(path, tensor):
        n = shape(keys[tensor])[0] // 2
        e.rows('Unet', path, (tensor, n, 2 * n), (tensor, 0, n))
    half_swap('final_layer.adaLN_modulation.1', 'norm_out.linear.weight')
    for bfl, other in [('img_in', 'x_embedder'), ('txt_in', 'context_embedder'), ('final_layer.linear', 'proj_out'),
                       ('time_in.in_layer', 'time_text_embed.timestep_embedder.linear_1'), ('time_in.out_layer', 'time_text_embed.timestep_embedder.linear_2'),
                       ('vector_in.in_layer', 'time_text_embed.text_embedder.linear_1'), ('vector_in.out_layer', 'time_text_embed.text_embedder.linear_2'),
                       ('guidance_in.in_layer', 'time_text_embed.guidance_embedder.linear_1'), ('guidance_in.out_layer', 'time_text_embed.guidance_embedder.linear_2')]:
        e.whole('Unet', bfl, other + '.weight')
    for n in range(19):
        d, t = f'double_blocks.{n}.', f'transformer_blocks.{n}.'
        img = [t + f'attn.to_{x}.weight' for x in 'qkv']
        txt = [t + f'attn.add_{x}_proj.weight' for x in 'qkv']
        for name in (d + 'img_attn.qkv', t + 'attn.to_qkv', d + 'processor.qkv_lora1'):
            e.stack('Unet', name, *img)
        for name in (d + 'txt_attn.qkv', t + 'attn.to_added_qkv', d + 'processor.qkv_lora2'):
            e.stack('Unet', name, *txt)
        for a, b in [('img_attn.proj', 'attn.to_out.0'), ('txt_attn.proj', 'attn.to_add_out'), ('img_mlp.0', 'ff.net.0.proj'), ('img_mlp.2', 'ff.net.2'),
                     ('txt_mlp.0', 'ff_context.net.0.proj'), ('txt_mlp.2', 'ff_context.net.2'), ('img_mod.lin', 'norm1.linear'), ('txt_mod.lin', 'norm1_context.linear'),
                     ('processor.proj_lora1', 'attn.to_out.0'), ('processor.proj_lora2', 'attn.to_add_out')]:
            e.whole('Unet', d + a, t + b + '.weight')
    for n in range(38):
        s, t = f'single_blocks.{n}.', f'single_transformer_blocks.{n}.'
        qkv = [t + f'attn.to_{x}.weight' for x in 'qkv']
        e.stack('Unet', s + 'linear1', *qkv, t + 'proj_mlp.weight')
        e.stack('Unet', s + 'processor.qkv_lora', *qkv)
        e.whole('Unet', s + 'linear2', t + 'proj_out.weight')
        e.whole('Unet', s + 'processor.proj_lora', t + 'proj_out.weight')
        e.whole('Unet', s + 'modulation.lin', t + 'norm.linear.weight')
    return e


def diffusers_z_image(keys):
    e = Expected(keys)
    w = weights(keys)
    for path, tensor in w.items():
        e.whole('Unet', path, tensor)
        m = re.fullmatch(r'(.*\.attention\.)to_q', path)
        if m:
            e.stack('Unet', m.group(1) + 'qkv', *[m.group(1) + f'to_{x}.weight' for x in 'qkv'])
            e.whole('Unet', m.group(1) + 'out', m.group(1) + 'to_out.0.weight')
    e.whole('Unet', 'x_embedder', 'all_x_embedder.2-1.weight')
    e.whole('Unet', 'final_layer.linear', 'all_final_layer.2-1.linear.weight')
    e.whole('Unet', 'final_layer.adaLN_modulation.1', 'all_final_layer.2-1.adaLN_modulation.1.weight')
    return e


# Models of which no list of names was at hand: names and sizes from the sources that are cited, two blocks of each kind.

def linear(keys, path, rows, *columns):
    keys[path + '.weight'] = [[rows, *columns], 'BF16']


def with_prefix(prefix, keys):
    return {prefix + k: v for k, v in keys.items()}


def flux2_keys():
    """black-forest-labs/flux2, src/flux2/model.py, Flux2Params."""
    k, h, mlp = {}, 6144, 3 * 6144
    linear(k, 'img_in', h, 128)
    linear(k, 'txt_in', h, 15360)
    for part in ('time_in', 'guidance_in'):
        linear(k, part + '.in_layer', h, 256)
        linear(k, part + '.out_layer', h, h)
    for n in range(2):
        for stream in ('img', 'txt'):
            linear(k, f'double_blocks.{n}.{stream}_attn.qkv', 3 * h, h)
            linear(k, f'double_blocks.{n}.{stream}_attn.proj', h, h)
            linear(k, f'double_blocks.{n}.{stream}_mlp.0', 2 * mlp, h)
            linear(k, f'double_blocks.{n}.{stream}_mlp.2', h, mlp)
        linear(k, f'single_blocks.{n}.linear1', 3 * h + 2 * mlp, h)
        linear(k, f'single_blocks.{n}.linear2', h, h + mlp)
    linear(k, 'double_stream_modulation_img.lin', 6 * h, h)
    linear(k, 'double_stream_modulation_txt.lin', 6 * h, h)
    linear(k, 'single_stream_modulation.lin', 3 * h, h)
    linear(k, 'final_layer.linear', 128, h)
    linear(k, 'final_layer.adaLN_modulation.1', 2 * h, h)
    return k


# convert_flux2_transformer_checkpoint_to_diffusers
FLUX2 = [
    (r'img_in', same('x_embedder')),
    (r'txt_in', same('context_embedder')),
    (r'time_in\.in_layer', same('time_guidance_embed.timestep_embedder.linear_1')),
    (r'time_in\.out_layer', same('time_guidance_embed.timestep_embedder.linear_2')),
    (r'guidance_in\.in_layer', same('time_guidance_embed.guidance_embedder.linear_1')),
    (r'guidance_in\.out_layer', same('time_guidance_embed.guidance_embedder.linear_2')),
    (r'(double_stream_modulation_img|double_stream_modulation_txt|single_stream_modulation)\.lin', same('{0}.linear')),
    (r'final_layer\.linear', same('proj_out')),
    (r'final_layer\.adaLN_modulation\.1', swapped('norm_out.linear')),
    (r'double_blocks\.(\d+)\.img_attn\.qkv', both(thirds(T + 'attn.to_q', T + 'attn.to_k', T + 'attn.to_v'), same(T + 'attn.to_qkv'))),
    (r'double_blocks\.(\d+)\.txt_attn\.qkv', both(thirds(T + 'attn.add_q_proj', T + 'attn.add_k_proj', T + 'attn.add_v_proj'), same(T + 'attn.to_added_qkv'))),
    (r'double_blocks\.(\d+)\.img_attn\.proj', same(T + 'attn.to_out.0')),
    (r'double_blocks\.(\d+)\.txt_attn\.proj', same(T + 'attn.to_add_out')),
    (r'double_blocks\.(\d+)\.img_mlp\.0', same(T + 'ff.linear_in')),
    (r'double_blocks\.(\d+)\.img_mlp\.2', same(T + 'ff.linear_out')),
    (r'double_blocks\.(\d+)\.txt_mlp\.0', same(T + 'ff_context.linear_in')),
    (r'double_blocks\.(\d+)\.txt_mlp\.2', same(T + 'ff_context.linear_out')),
    (r'single_blocks\.(\d+)\.linear1', same(S + 'attn.to_qkv_mlp_proj')),
    (r'single_blocks\.(\d+)\.linear2', same(S + 'attn.to_out')),
]


def krea2_keys():
    """krea-ai/krea-2, as in ostris/ai-toolkit, krea2/src/mmdit.py and krea2.py, KREA2_MMDIT_CONFIG."""
    k, h, text = {}, 6144, 2560
    def block(path, size, kv, mlp):
        for name, rows in [('wq', size), ('wk', kv), ('wv', kv), ('gate', size), ('wo', size)]:
            linear(k, f'{path}.attn.{name}', rows, size)
        linear(k, f'{path}.mlp.gate', mlp, size)
        linear(k, f'{path}.mlp.up', mlp, size)
        linear(k, f'{path}.mlp.down', size, mlp)
    linear(k, 'first', h, 64)
    linear(k, 'tmlp.0', h, 256)
    linear(k, 'tmlp.2', h, h)
    linear(k, 'tproj.1', 6 * h, h)
    linear(k, 'txtmlp.1', h, text)
    linear(k, 'txtmlp.3', h, h)
    linear(k, 'txtfusion.projector', 1, 12)
    linear(k, 'last.linear', 64, h)
    for n in range(2):
        block(f'blocks.{n}', h, 12 * 128, 16384)
        block(f'txtfusion.layerwise_blocks.{n}', text, text, 6912)
        block(f'txtfusion.refiner_blocks.{n}', text, text, 6912)
    return k


KREA2_NAMES = {'attn.wq': 'attn.to_q', 'attn.wk': 'attn.to_k', 'attn.wv': 'attn.to_v', 'attn.wo': 'attn.to_out.0', 'attn.gate': 'attn.to_gate',
               'mlp.gate': 'ff.gate', 'mlp.up': 'ff.up', 'mlp.down': 'ff.down'}
KREA2_BLOCKS = {'blocks': 'transformer_blocks', 'txtfusion.layerwise_blocks': 'text_fusion.layerwise_blocks', 'txtfusion.refiner_blocks': 'text_fusion.refiner_blocks'}

# _convert_non_diffusers_krea2_lora_to_diffusers
KREA2 = [
    (r'first', same('img_in')), (r'last\.linear', same('final_layer.linear')), (r'tmlp\.0', same('time_embed.linear_1')), (r'tmlp\.2', same('time_embed.linear_2')),
    (r'tproj\.1', same('time_mod_proj')), (r'txtmlp\.1', same('txt_in.linear_1')), (r'txtmlp\.3', same('txt_in.linear_2')),
    (r'txtfusion\.projector', same('text_fusion.projector')),
] + [(rf'{re.escape(a)}\.(\d+)\.{re.escape(x)}', same(b + '.{0}.' + y)) for a, b in KREA2_BLOCKS.items() for x, y in KREA2_NAMES.items()]


def krea2_fused(e, prefix, names, q, k, v):
    """SimpleTuner's fused to_qkv: queries, keys and values, one below the other (convert_fused_qkv_lora of ComfyUI)."""
    for original, other in KREA2_BLOCKS.items():
        for n in range(2):
            block = f'{prefix}{(original if names == "original" else other)}.{n}.attn.'
            e.stack('Unet', f'{other}.{n}.attn.to_qkv', *[f'{block}{x}.weight' for x in (q, k, v)])


def lumina2_keys():
    """Alpha-VLLM/Lumina-Image-2.0, models/model.py, NextDiT_2B_GQA_patch2_Adaln_Refiner."""
    k, h = {}, 2304
    linear(k, 'x_embedder', h, 64)
    linear(k, 't_embedder.mlp.0', 1024, 256)
    linear(k, 't_embedder.mlp.2', 1024, 1024)
    linear(k, 'cap_embedder.1', h, 2304)
    for blocks in ('noise_refiner', 'context_refiner', 'layers'):
        for n in range(2):
            path = f'{blocks}.{n}'
            linear(k, path + '.attention.qkv', (24 + 8 + 8) * 96, h)
            linear(k, path + '.attention.out', h, h)
            linear(k, path + '.feed_forward.w1', 9216, h)
            linear(k, path + '.feed_forward.w2', h, 9216)
            linear(k, path + '.feed_forward.w3', 9216, h)
            if blocks != 'context_refiner':
                linear(k, path + '.adaLN_modulation.1', 4 * h, 1024)
    linear(k, 'final_layer.linear', 64, h)
    linear(k, 'final_layer.adaLN_modulation.1', h, 1024)
    return k


def lumina2_qkv(e, tensor, blocks, n):
    """convert_lumina_attn_to_diffusers: q_dim = 2304, k_dim = v_dim = 768."""
    for name, first, end in [('to_q', 0, 2304), ('to_k', 2304, 3072), ('to_v', 3072, 3840)]:
        e.rows('Unet', f'{blocks}.{n}.attn.{name}', (tensor, first, end))


R = r'(layers|noise_refiner|context_refiner)\.(\d+)\.'
LUMINA2 = [
    (r'cap_embedder\.1', same('time_caption_embed.caption_embedder.1')),
    (r't_embedder\.mlp\.0', same('time_caption_embed.timestep_embedder.linear_1')),
    (r't_embedder\.mlp\.2', same('time_caption_embed.timestep_embedder.linear_2')),
    (r'final_layer\.adaLN_modulation\.1', same('norm_out.linear_1')),
    (r'final_layer\.linear', same('norm_out.linear_2')),
    (R + r'attention\.qkv', lumina2_qkv),
    (R + r'attention\.out', same('{0}.{1}.attn.to_out.0')),
    (R + r'feed_forward\.w([123])', same('{0}.{1}.feed_forward.linear_{2}')),
    (R + r'adaLN_modulation\.1', same('{0}.{1}.norm1.linear')),
]


def auraflow_keys():
    """cloneofsimo/minRF, advanced/mmdit.py, MMDiT of AuraFlow 0.2 and 0.3: hidden size 3072."""
    k, h, mlp = {}, 3072, 8192
    linear(k, 'init_x_linear', h, 16)
    linear(k, 'cond_seq_linear', h, 2048)
    linear(k, 't_embedder.mlp.0', h, 256)
    linear(k, 't_embedder.mlp.2', h, h)
    linear(k, 'modF.1', 2 * h, h)
    linear(k, 'final_linear', 16, h)
    for n in range(2):
        for attn, mlps, mods in ((f'double_layers.{n}', ('mlpX', 'mlpC'), ('modX', 'modC')), (f'single_layers.{n}', ('mlp',), ('modCX',))):
            for number in '12'[:len(mlps)]:
                for name in 'qkvo':
                    linear(k, f'{attn}.attn.w{number}{name}', h, h)
            for part in mlps:
                linear(k, f'{attn}.{part}.c_fc1', mlp, h)
                linear(k, f'{attn}.{part}.c_fc2', mlp, h)
                linear(k, f'{attn}.{part}.c_proj', h, mlp)
            for part in mods:
                linear(k, f'{attn}.{part}.1', 6 * h, h)
    return k


# auraflow_to_diffusers of ComfyUI
AURA_ATTENTION = {'w2q': 'to_q', 'w2k': 'to_k', 'w2v': 'to_v', 'w2o': 'to_out.0', 'w1q': 'add_q_proj', 'w1k': 'add_k_proj', 'w1v': 'add_v_proj', 'w1o': 'to_add_out'}
AURA_SINGLE = {'w1q': 'to_q', 'w1k': 'to_k', 'w1v': 'to_v', 'w1o': 'to_out.0'}
AURA_MLP = {'c_fc1': 'linear_1', 'c_fc2': 'linear_2', 'c_proj': 'out_projection'}
AURAFLOW = [
    (r't_embedder\.mlp\.0', same('time_step_proj.linear_1')), (r't_embedder\.mlp\.2', same('time_step_proj.linear_2')),
    (r'cond_seq_linear', same('context_embedder')), (r'init_x_linear', same('pos_embed.proj')), (r'final_linear', same('proj_out')),
    (r'modF\.1', swapped('norm_out.linear')),
    (r'double_layers\.(\d+)\.modX\.1', same('joint_transformer_blocks.{0}.norm1.linear')), (r'double_layers\.(\d+)\.modC\.1', same('joint_transformer_blocks.{0}.norm1_context.linear')),
    (r'single_layers\.(\d+)\.modCX\.1', same('single_transformer_blocks.{0}.norm1.linear')),
] + [(rf'double_layers\.(\d+)\.attn\.{a}', same('joint_transformer_blocks.{0}.attn.' + b)) for a, b in AURA_ATTENTION.items()] \
  + [(rf'single_layers\.(\d+)\.attn\.{a}', same('single_transformer_blocks.{0}.attn.' + b)) for a, b in AURA_SINGLE.items()] \
  + [(rf'double_layers\.(\d+)\.{m}\.{a}', same('joint_transformer_blocks.{0}.' + f + '.' + b)) for m, f in (('mlpX', 'ff'), ('mlpC', 'ff_context')) for a, b in AURA_MLP.items()] \
  + [(rf'single_layers\.(\d+)\.mlp\.{a}', same('single_transformer_blocks.{0}.ff.' + b)) for a, b in AURA_MLP.items()]


def pixart_keys():
    """PixArt-alpha/PixArt-sigma, diffusion/model/nets/PixArtMS.py, PixArtMS_XL_2; the micro conditions are alpha's."""
    k, h = {}, 1152
    linear(k, 'x_embedder.proj', h, 4, 2, 2)
    linear(k, 't_embedder.mlp.0', h, 256)
    linear(k, 't_embedder.mlp.2', h, h)
    for part in ('csize_embedder', 'ar_embedder'):
        linear(k, part + '.mlp.0', h // 3, 256)
        linear(k, part + '.mlp.2', h // 3, h // 3)
    linear(k, 't_block.1', 6 * h, h)
    linear(k, 'y_embedder.y_proj.fc1', h, 4096)
    linear(k, 'y_embedder.y_proj.fc2', h, h)
    for n in range(2):
        linear(k, f'blocks.{n}.attn.qkv', 3 * h, h)
        linear(k, f'blocks.{n}.attn.proj', h, h)
        linear(k, f'blocks.{n}.cross_attn.q_linear', h, h)
        linear(k, f'blocks.{n}.cross_attn.kv_linear', 2 * h, h)
        linear(k, f'blocks.{n}.cross_attn.proj', h, h)
        linear(k, f'blocks.{n}.mlp.fc1', 4 * h, h)
        linear(k, f'blocks.{n}.mlp.fc2', h, 4 * h)
    linear(k, 'final_layer.linear', 32, h)
    return k


def pixart_kv(e, tensor, n):
    for name, first in (('to_k', 0), ('to_v', 1152)):
        e.rows('Unet', f'transformer_blocks.{n}.attn2.{name}', (tensor, first, first + 1152))


# pixart_to_diffusers of ComfyUI
PIXART = [
    (r'x_embedder\.proj', same('pos_embed.proj')), (r'final_layer\.linear', same('proj_out')), (r't_block\.1', same('adaln_single.linear')),
    (r'y_embedder\.y_proj\.fc([12])', same('caption_projection.linear_{0}')),
    (r't_embedder\.mlp\.0', same('adaln_single.emb.timestep_embedder.linear_1')), (r't_embedder\.mlp\.2', same('adaln_single.emb.timestep_embedder.linear_2')),
    (r'csize_embedder\.mlp\.0', same('adaln_single.emb.resolution_embedder.linear_1')), (r'csize_embedder\.mlp\.2', same('adaln_single.emb.resolution_embedder.linear_2')),
    (r'ar_embedder\.mlp\.0', same('adaln_single.emb.aspect_ratio_embedder.linear_1')), (r'ar_embedder\.mlp\.2', same('adaln_single.emb.aspect_ratio_embedder.linear_2')),
    (r'blocks\.(\d+)\.attn\.qkv', thirds(T + 'attn1.to_q', T + 'attn1.to_k', T + 'attn1.to_v')), (r'blocks\.(\d+)\.attn\.proj', same(T + 'attn1.to_out.0')),
    (r'blocks\.(\d+)\.cross_attn\.q_linear', same(T + 'attn2.to_q')), (r'blocks\.(\d+)\.cross_attn\.kv_linear', pixart_kv), (r'blocks\.(\d+)\.cross_attn\.proj', same(T + 'attn2.to_out.0')),
    (r'blocks\.(\d+)\.mlp\.fc1', same(T + 'ff.net.0.proj')), (r'blocks\.(\d+)\.mlp\.fc2', same(T + 'ff.net.2')),
]


def hunyuan_video_keys(comfyui):
    """Tencent/HunyuanVideo, hyvideo/modules, HYVideo-T/2-cfgdistill; ComfyUI renames as process_unet_state_dict does."""
    k, h = {}, 3072
    linear(k, 'img_in.proj', h, 16, 1, 2, 2)
    for part in ('time_in', 'guidance_in', 'txt_in.t_embedder'):
        linear(k, part + '.mlp.0', h, 256)
        linear(k, part + '.mlp.2', h, h)
    linear(k, 'vector_in.in_layer', h, 768)
    linear(k, 'vector_in.out_layer', h, h)
    linear(k, 'txt_in.input_embedder', h, 4096)
    linear(k, 'txt_in.c_embedder.linear_1', h, 4096)
    linear(k, 'txt_in.c_embedder.linear_2', h, h)
    for n in range(2):
        refiner = f'txt_in.individual_token_refiner.blocks.{n}'
        linear(k, refiner + '.self_attn_qkv', 3 * h, h)
        linear(k, refiner + '.self_attn_proj', h, h)
        linear(k, refiner + '.mlp.fc1', 4 * h, h)
        linear(k, refiner + '.mlp.fc2', h, 4 * h)
        linear(k, refiner + '.adaLN_modulation.1', 2 * h, h)
        for stream in ('img', 'txt'):
            block = f'double_blocks.{n}.{stream}'
            linear(k, block + '_mod.linear', 6 * h, h)
            linear(k, block + '_attn_qkv', 3 * h, h)
            linear(k, block + '_attn_proj', h, h)
            linear(k, block + '_mlp.fc1', 4 * h, h)
            linear(k, block + '_mlp.fc2', h, 4 * h)
        linear(k, f'single_blocks.{n}.linear1', 7 * h, h)
        linear(k, f'single_blocks.{n}.linear2', h, 5 * h)
        linear(k, f'single_blocks.{n}.modulation.linear', 3 * h, h)
    linear(k, 'final_layer.linear', 64, h)
    linear(k, 'final_layer.adaLN_modulation.1', 2 * h, h)
    return {(to_comfyui(name) if comfyui else name): v for name, v in k.items()}


def to_comfyui(k):
    """HunyuanVideo.process_unet_state_dict, comfy/supported_models.py."""
    for old, new in [('txt_in.t_embedder.mlp.0.', 'txt_in.t_embedder.in_layer.'), ('txt_in.t_embedder.mlp.2.', 'txt_in.t_embedder.out_layer.'),
                     ('txt_in.c_embedder.linear_1.', 'txt_in.c_embedder.in_layer.'), ('txt_in.c_embedder.linear_2.', 'txt_in.c_embedder.out_layer.'),
                     ('_mod.linear.', '_mod.lin.'), ('_attn_qkv.', '_attn.qkv.'), ('mlp.fc1.', 'mlp.0.'), ('mlp.fc2.', 'mlp.2.'),
                     ('_attn_proj.', '_attn.proj.'), ('.modulation.linear.', '.modulation.lin.'),
                     ('_in.mlp.2.', '_in.out_layer.'), ('_in.mlp.0.', '_in.in_layer.')]:
        k = k.replace(old, new)
    return k


def hunyuan_single(e, tensor, n):
    """remap_single_transformer_blocks_: hidden_size = 3072."""
    for i, name in enumerate(['attn.to_q', 'attn.to_k', 'attn.to_v']):
        e.rows('Unet', f'single_transformer_blocks.{n}.{name}', (tensor, 3072 * i, 3072 * (i + 1)))
    e.rows('Unet', f'single_transformer_blocks.{n}.proj_mlp', (tensor, 3 * 3072, 7 * 3072))


def hunyuan_table(style):
    """Both of the others' names for each tensor: diffusers' from convert_hunyuan_video_transformer_to_diffusers."""
    I = 'txt_in.individual_token_refiner.blocks.{0}.'
    RB = 'context_embedder.token_refiner.refiner_blocks.{0}.'
    rows = [  # Tencent, diffusers
        ('img_in.proj', same('x_embedder.proj')),
        ('time_in.mlp.0', same('time_text_embed.timestep_embedder.linear_1')), ('time_in.mlp.2', same('time_text_embed.timestep_embedder.linear_2')),
        ('guidance_in.mlp.0', same('time_text_embed.guidance_embedder.linear_1')), ('guidance_in.mlp.2', same('time_text_embed.guidance_embedder.linear_2')),
        ('vector_in.in_layer', same('time_text_embed.text_embedder.linear_1')), ('vector_in.out_layer', same('time_text_embed.text_embedder.linear_2')),
        ('txt_in.input_embedder', same('context_embedder.proj_in')),
        ('txt_in.t_embedder.mlp.0', same('context_embedder.time_text_embed.timestep_embedder.linear_1')),
        ('txt_in.t_embedder.mlp.2', same('context_embedder.time_text_embed.timestep_embedder.linear_2')),
        ('txt_in.c_embedder.linear_1', same('context_embedder.time_text_embed.text_embedder.linear_1')),
        ('txt_in.c_embedder.linear_2', same('context_embedder.time_text_embed.text_embedder.linear_2')),
        (I + 'self_attn_qkv', thirds(RB + 'attn.to_q', RB + 'attn.to_k', RB + 'attn.to_v')),
        (I + 'self_attn_proj', same(RB + 'attn.to_out.0')),
        (I + 'mlp.fc1', same(RB + 'ff.net.0.proj')), (I + 'mlp.fc2', same(RB + 'ff.net.2')),
        (I + 'adaLN_modulation.1', same(RB + 'norm_out.linear')),
        ('double_blocks.{0}.img_mod.linear', same(T + 'norm1.linear')), ('double_blocks.{0}.txt_mod.linear', same(T + 'norm1_context.linear')),
        ('double_blocks.{0}.img_attn_qkv', thirds(T + 'attn.to_q', T + 'attn.to_k', T + 'attn.to_v')),
        ('double_blocks.{0}.txt_attn_qkv', thirds(T + 'attn.add_q_proj', T + 'attn.add_k_proj', T + 'attn.add_v_proj')),
        ('double_blocks.{0}.img_attn_proj', same(T + 'attn.to_out.0')), ('double_blocks.{0}.txt_attn_proj', same(T + 'attn.to_add_out')),
        ('double_blocks.{0}.img_mlp.fc1', same(T + 'ff.net.0.proj')), ('double_blocks.{0}.img_mlp.fc2', same(T + 'ff.net.2')),
        ('double_blocks.{0}.txt_mlp.fc1', same(T + 'ff_context.net.0.proj')), ('double_blocks.{0}.txt_mlp.fc2', same(T + 'ff_context.net.2')),
        ('single_blocks.{0}.linear1', hunyuan_single),
        ('single_blocks.{0}.linear2', same(S + 'proj_out')),
        ('single_blocks.{0}.modulation.linear', same(S + 'norm.linear')),
        ('final_layer.linear', same('proj_out')),
        ('final_layer.adaLN_modulation.1', swapped('norm_out.linear')),
    ]
    table = []
    for tencent, diffusers in rows:
        comfyui = to_comfyui(tencent + '.')[:-1]
        own, other = (comfyui, tencent) if style == 'comfyui' else (tencent, comfyui)
        table.append((re.escape(own).replace(r'\{0\}', r'(\d+)'), both(diffusers, same(other))))
    return table


def anima_keys():
    """kohya's sd-scripts, library/anima_models.py and the configuration in anima_utils.py; NVIDIA's text2image_dit.py has the same names."""
    k, h, lora = {}, 2048, 256
    linear(k, 'x_embedder.proj.1', h, (16 + 1) * 4)
    linear(k, 't_embedder.1.linear_1', h, h)
    linear(k, 't_embedder.1.linear_2', 3 * h, h)
    for n in range(2):
        for part in ('self_attn', 'cross_attn', 'mlp'):
            linear(k, f'blocks.{n}.adaln_modulation_{part}.1', lora, h)
            linear(k, f'blocks.{n}.adaln_modulation_{part}.2', 3 * h, lora)
        for part, context in (('self_attn', h), ('cross_attn', 1024)):
            for name, columns in (('q_proj', h), ('k_proj', context), ('v_proj', context), ('output_proj', h)):
                linear(k, f'blocks.{n}.{part}.{name}', h, columns)
        linear(k, f'blocks.{n}.mlp.layer1', 4 * h, h)
        linear(k, f'blocks.{n}.mlp.layer2', h, 4 * h)
        for part in ('self_attn', 'cross_attn'):
            for name in ('q_proj', 'k_proj', 'v_proj', 'o_proj'):
                linear(k, f'llm_adapter.blocks.{n}.{part}.{name}', 1024, 1024)
        linear(k, f'llm_adapter.blocks.{n}.mlp.0', 4096, 1024)
        linear(k, f'llm_adapter.blocks.{n}.mlp.2', 1024, 4096)
    linear(k, 'llm_adapter.embed', 32128, 1024)
    linear(k, 'llm_adapter.out_proj', 1024, 1024)
    linear(k, 'final_layer.linear', 64, h)
    linear(k, 'final_layer.adaln_modulation.1', lora, h)
    linear(k, 'final_layer.adaln_modulation.2', 2 * h, lora)
    return k


# _convert_non_diffusers_anima_lora_to_diffusers
ANIMA = [
    (r'x_embedder\.proj\.1', same('patch_embed.proj')),
    (r't_embedder\.1\.(linear_[12])', same('time_embed.t_embedder.{0}')),
    (r'final_layer\.adaln_modulation\.([12])', same('norm_out.linear_{0}')),
    (r'final_layer\.linear', same('proj_out')),
    (r'blocks\.(\d+)\.adaln_modulation_self_attn\.([12])', same('transformer_blocks.{0}.norm1.linear_{1}')),
    (r'blocks\.(\d+)\.adaln_modulation_cross_attn\.([12])', same('transformer_blocks.{0}.norm2.linear_{1}')),
    (r'blocks\.(\d+)\.adaln_modulation_mlp\.([12])', same('transformer_blocks.{0}.norm3.linear_{1}')),
    (r'blocks\.(\d+)\.self_attn\.([qkv])_proj', same('transformer_blocks.{0}.attn1.to_{1}')),
    (r'blocks\.(\d+)\.self_attn\.output_proj', same('transformer_blocks.{0}.attn1.to_out.0')),
    (r'blocks\.(\d+)\.cross_attn\.([qkv])_proj', same('transformer_blocks.{0}.attn2.to_{1}')),
    (r'blocks\.(\d+)\.cross_attn\.output_proj', same('transformer_blocks.{0}.attn2.to_out.0')),
    (r'blocks\.(\d+)\.mlp\.layer1', same('transformer_blocks.{0}.ff.net.0.proj')),
    (r'blocks\.(\d+)\.mlp\.layer2', same('transformer_blocks.{0}.ff.net.2')),
    (r'llm_adapter\.(.*)', same('text_conditioner.{0}')),
]


def qwen3_keys():
    """Qwen3-0.6B, config.json: 16 heads of 128, 8 of keys and of values."""
    k, h = {}, 1024
    linear(k, 'model.embed_tokens', 151936, h)
    for n in range(2):
        path = f'model.layers.{n}.'
        linear(k, path + 'self_attn.q_proj', 2048, h)
        linear(k, path + 'self_attn.k_proj', 1024, h)
        linear(k, path + 'self_attn.v_proj', 1024, h)
        linear(k, path + 'self_attn.o_proj', h, 2048)
        linear(k, path + 'mlp.gate_proj', 3072, h)
        linear(k, path + 'mlp.up_proj', 3072, h)
        linear(k, path + 'mlp.down_proj', h, 3072)
    return k


def qwen3(e, component):
    """In the file's names, and in those of the model without its head, which trainers see."""
    for path, tensor in weights(e.keys).items():
        if not path.endswith('embed_tokens'):
            e.whole(component, path, tensor)
            e.whole(component, path[len('model.'):], tensor)


def inverse(e, prefix, table):
    """The names of the single file against a diffusers checkpoint: what is cut there is stacked here, in the order of the rows."""
    def lines(tensor, made):
        parts = {}
        class Names(Expected):
            def say(self, component, path, rows):
                parts[path] = rows
        original = path_of[tensor]
        for pattern, others in table:
            m = re.fullmatch(pattern, original)
            if m:
                others(Names(source), tensor, *m.groups())
        return parts
    source, keys = e.source, e.keys
    path_of = {t: p for p, t in weights(source, prefix).items()}
    for tensor, original in path_of.items():
        pieces = []
        for path, rows in lines(tensor, None).items():
            if path + '.weight' not in keys:
                continue
            starts = [int((re.search(r'\[(\d+):', piece) or [0, 0])[1]) for piece in rows.split(' + ')]
            count = shape(keys[path + '.weight'])[0] // len(starts)
            pieces += [(start, (path + '.weight', i * count, (i + 1) * count)) for i, start in enumerate(starts)]
        if pieces:
            e.rows('Unet', original, *[piece for _, piece in sorted(pieces)])


def new_model(name, keys, table, prefix='', finish=None):
    """A single file and what the conversion makes of it, with the expectations of both directions."""
    single = with_prefix(prefix, keys)
    write_keys(name + '_checkpoint_singlefile', single)
    e = Expected(single)
    transformer(e, prefix, table)
    if finish:
        finish(e, prefix, 'original')
    e.write(f'expected_{name}_checkpoint_singlefile')
    return convert(keys, '', table)


def new_diffusers_model(name, made, keys, table, finish=None):
    write_keys(name + '_checkpoint_diffusers', made)
    e = Expected(made)
    e.source = keys
    transformer(e, '', [])
    inverse(e, '', table)
    if finish:
        finish(e, '', 'diffusers')
    e.write(f'expected_{name}_checkpoint_diffusers')


def flux2_fused(e, prefix, names):
    if names == 'diffusers':
        for n in range(2):
            block = f'transformer_blocks.{n}.attn.'
            e.stack('Unet', block + 'to_qkv', *[f'{block}to_{x}.weight' for x in 'qkv'])
            e.stack('Unet', block + 'to_added_qkv', *[f'{block}add_{x}_proj.weight' for x in 'qkv'])


def new_models():
    made = new_model('flux2', flux2_keys(), FLUX2)
    new_diffusers_model('flux2', made, flux2_keys(), FLUX2, flux2_fused)

    krea2 = lambda e, prefix, names: krea2_fused(e, prefix, names, *(('wq', 'wk', 'wv') if names == 'original' else ('to_q', 'to_k', 'to_v')))
    made = new_model('krea2', krea2_keys(), KREA2, finish=krea2)
    new_diffusers_model('krea2', made, krea2_keys(), KREA2, krea2)

    made = new_model('lumina2', lumina2_keys(), LUMINA2, 'model.diffusion_model.')
    new_diffusers_model('lumina2', made, lumina2_keys(), LUMINA2)

    for name, keys, table, prefix in (('auraflow', auraflow_keys(), AURAFLOW, 'model.'), ('pixart', pixart_keys(), PIXART, '')):
        new_diffusers_model(name, new_model(name, keys, table, prefix), keys, table)

    new_model('hunyuan_video_comfyui', hunyuan_video_keys(comfyui=True), hunyuan_table('comfyui'), 'model.model.')
    tencent = hunyuan_table('tencent')
    made = new_model('hunyuan_video', hunyuan_video_keys(comfyui=False), tencent)
    made = {k: v for k, v in made.items() if not k.startswith(('img_in', 'time_in', 'guidance_in', 'vector_in', 'txt_in', 'double_blocks', 'single_blocks', 'final_layer'))}
    def comfyui(e, prefix, names):
        # The third set of names follows from Tencent's.
        for (component, path), rows in list(e.found.items()):
            dotted = dotted_tencent.get(path)
            if dotted:
                e.say(component, to_comfyui(dotted + '.')[:-1], rows)
    dotted_tencent = {p.replace('.', '_'): p for p in weights(hunyuan_video_keys(comfyui=False))}
    new_diffusers_model('hunyuan_video', made, hunyuan_video_keys(comfyui=False), tencent, comfyui)

    keys = anima_keys()
    write_keys('anima_checkpoint_singlefile', with_prefix('net.', keys))
    write_keys('qwen3_06b_text_encoder', qwen3_keys())
    e = Expected(with_prefix('net.', keys))
    transformer(e, 'net.', ANIMA)
    for name in [n for n in e.found if n[1] in ('llm_adapter_embed', 'text_conditioner_embed')]:
        del e.found[name]
    e.keys = qwen3_keys()
    qwen3(e, 'TextEncoder1')
    e.write('expected_anima_checkpoint_singlefile')
    network = {k: v for k, v in keys.items() if not k.startswith('llm_adapter.')}
    new_diffusers_model('anima', convert(network, '', ANIMA), network, ANIMA)


def main():
    lists = [f[:-len('.json')] for f in os.listdir(SOURCE) if f.endswith('.json')]
    for name in lists:
        if '_map_' not in name:
            write_keys(name, load(name))

    for name, te in [('sd15', None), ('sdxl', None)]:
        keys = load(f'{name}_checkpoint_singlefile')
        keymap = json.load(open(os.path.join(SOURCE, f'{name}_map_singlefile_to_diffusers.json')))['ldm_diffusers_keymap']
        e = Expected(keys)
        unet_from_map(e, keymap, 'model.diffusion_model.', 'unet_')
        if name == 'sd15':
            hf_clip(e, 'cond_stage_model.transformer.', 'TextEncoder1')
            write_orders(e, 'sd15_checkpoint_singlefile', 12)
        else:
            hf_clip(e, 'conditioner.embedders.0.transformer.', 'TextEncoder1')
            open_clip(e, 'conditioner.embedders.1.model.', 'TextEncoder2')
        e.write(f'expected_{name}_checkpoint_singlefile')

    # SD 2: the key list is that of the map, with the shapes of ViT-H and of a U-Net that are the same everywhere in kind.
    sd2 = json.load(open(os.path.join(SOURCE, 'sd2_map_singlefile_to_diffusers.json')))
    sd15 = load('sd15_checkpoint_singlefile')
    keys = {}
    for k in list(sd2['ldm_diffusers_keymap']) + list(sd2['ldm_diffusers_operator_map']):
        if k.startswith('model.diffusion_model.') and k in sd15:
            s = list(shape(sd15[k]))
            if re.search(r'attn2\.to_[kv]\.weight', k):
                s[1] = 1024
            if re.search(r'proj_(in|out)\.weight', k):
                s = s[:2]
            keys[k] = [s, 'F32']
        elif k.startswith('cond_stage_model.') and k.endswith(('weight', 'embedding')):
            s = ([3072, 1024] if 'in_proj' in k else [1024, 1024] if 'out_proj' in k else [4096, 1024] if 'c_fc' in k else [1024, 4096] if 'c_proj' in k
                 else [49408, 1024] if 'token' in k else [77, 1024] if 'positional' in k else [1024])
            keys[k] = [s, 'F32']
    write_keys('sd2_checkpoint_singlefile', keys)
    e = Expected(keys)
    unet_from_map(e, sd2['ldm_diffusers_keymap'], 'model.diffusion_model.', 'unet_')
    open_clip(e, 'cond_stage_model.model.', 'TextEncoder1')
    write_orders(e, 'sd2_checkpoint_singlefile', 23)
    e.write('expected_sd2_checkpoint_singlefile')

    # SDXL as a folder: the U-Net has diffusers names, and the original's follow from the map.
    unet = load('sdxl_checkpoint_diffusers_unet')
    keymap = json.load(open(os.path.join(SOURCE, 'sdxl_map_singlefile_to_diffusers.json')))['ldm_diffusers_keymap']
    e = Expected(unet)
    for path, tensor in weights(unet).items():
        e.whole('Unet', path, tensor)
    for original, other in keymap.items():
        if original.startswith('model.diffusion_model.') and original.endswith('.weight') and 2 <= len(shape(unet[other[len('unet_'):]])):
            e.whole('Unet', original[len('model.diffusion_model.'):-len('.weight')], other[len('unet_'):])
    for file, component in [('text_encoder', 'TextEncoder1'), ('text_encoder_2', 'TextEncoder2')]:
        e.keys = load(f'sdxl_checkpoint_diffusers_{file}')
        hf_clip(e, '', component)
    e.write('expected_sdxl_checkpoint_diffusers')

    for name in ['sd3_checkpoint_singlefile', 'sd35_medium_checkpoint']:
        e = Expected(load(name))
        transformer(e, 'model.diffusion_model.', SD3)
        hf_clip(e, 'text_encoders.clip_l.transformer.', 'TextEncoder1')
        hf_clip(e, 'text_encoders.clip_g.transformer.', 'TextEncoder2')
        t5(e, 'text_encoders.t5xxl.transformer.', 'TextEncoder3')
        e.write('expected_' + name)

    flux = load('flux_checkpoint_singlefile')
    e = Expected(flux)
    transformer(e, 'model.diffusion_model.', FLUX)
    hf_clip(e, 'text_encoders.clip_l.transformer.', 'TextEncoder1')
    t5(e, 'text_encoders.t5xxl.transformer.', 'TextEncoder2 TextEncoder3')
    e.write('expected_flux_checkpoint_singlefile')
    made = convert(flux, 'model.diffusion_model.', FLUX)
    write_keys('flux_checkpoint_diffusers', made)
    diffusers_flux(made).write('expected_flux_checkpoint_diffusers')

    qwen = load('qwen_image_checkpoint')
    e = Expected(qwen)
    transformer(e, '', [])
    for n in range(60):
        t = f'transformer_blocks.{n}.attn.'
        e.stack('Unet', t + 'to_qkv', *[t + f'to_{x}.weight' for x in 'qkv'])
        e.stack('Unet', t + 'to_added_qkv', *[t + f'add_{x}_proj.weight' for x in 'qkv'])
    e.write('expected_qwen_image_checkpoint')

    e = Expected(load('wan21_1_3b_checkpoint'))
    transformer(e, '', WAN)
    e.write('expected_wan21_1_3b_checkpoint')

    z = load('z_image_checkpoint')
    e = Expected(z)
    transformer(e, '', Z_IMAGE)
    e.write('expected_z_image_checkpoint')
    made = convert(z, '', Z_IMAGE)
    write_keys('z_image_checkpoint_diffusers', made)
    diffusers_z_image(made).write('expected_z_image_checkpoint_diffusers')

    new_models()


main()
