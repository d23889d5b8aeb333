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


def numbered(e, unet, layers):
    """cloneofsimo/lora: modules() of diffusers' U-Net and of CLIPTextModel, by the numbers of the original's blocks."""
    number = 0
    for block in [f'input_blocks.{i}.1' for i in (1, 2, 4, 5, 7, 8)] + [f'output_blocks.{i}.1' for i in range(3, 12)] + ['middle_block.1']:
        for inner in ('attn1.to_q', 'attn1.to_k', 'attn1.to_v', 'attn1.to_out.0', 'ff.net.0.proj', 'attn2.to_q', 'attn2.to_k', 'attn2.to_v', 'attn2.to_out.0'):
            e.whole('Unet', str(number), f'{unet}{block}.transformer_blocks.0.{inner}.weight')
            number += 1
    number = 0
    for layer in range(layers):
        for inner in ('k_proj', 'v_proj', 'q_proj', 'out_proj'):
            e.found['TextEncoder1', str(number)] = e.found['TextEncoder1', f'text_model_encoder_layers_{layer}_self_attn_{inner}']
            number += 1


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
            numbered(e, 'model.diffusion_model.', 12)
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
    numbered(e, 'model.diffusion_model.', 23)
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


main()
