//! IgFold: an antibody's sequence to its backbone, with AntiBERTy's encoder.

/// IgFold without templates (Ruffolo et al. 2023), from an encoder's tokens and attention maps.
#[crease::model]
pub mod igfold {
    use crate::geometry::geometry::{gather_by, product, rotations, softplus, squared_distances, to_world};
    use crate::triangle::triangle::{finish, gated_linear, multiply_edges_in, multiply_edges_out};

    /// Residues of all chains.
    type R = Axis;
    /// Width of an encoder's token.
    const C_TOKEN: usize = 512;
    /// Layers of an encoder.
    const ENCODER_LAYERS: usize = 8;
    /// Heads of each.
    const ENCODER_HEADS: usize = 8;
    /// Width of nodes and of edges.
    const C_NODE: usize = 64;
    /// Heads of node attention.
    const NODE_HEADS: usize = 8;
    /// Channels of one of these heads.
    const C_NODE_HEAD: usize = 32;
    /// Hidden width of a node's perceptron.
    const C_FEED: usize = 256;
    /// Hidden channels of triangle multiplication.
    const C_TRIANGLE: usize = 128;
    /// Blocks of nodes and edges.
    const BLOCKS: usize = 4;
    /// Layers of point attention that would see a template.
    const TEMPLATE_LAYERS: usize = 2;
    /// Layers of point attention that move residues.
    const STRUCTURE_LAYERS: usize = 3;
    /// Layers of point attention before the predicted error.
    const ERROR_LAYERS: usize = 2;
    /// Heads of point attention.
    const POINT_HEADS: usize = 8;
    /// The same where errors are predicted.
    const ERROR_HEADS: usize = 4;
    /// Scalar channels of a head of point attention.
    const C_SCALAR: usize = 16;
    /// Points of a head.
    const POINTS: usize = 4;

    /// Linear, rectified, normed.
    pub struct Transform<const I: usize> {
        #[name = "0"]
        linear: Linear<I, C_NODE>,
        #[name = "2"]
        norm: LayerNorm<C_NODE>,
    }

    fn transform_nodes(x: Tensor<R, C_TOKEN>, w: Transform<C_TOKEN>) -> Tensor<R, C_NODE> {
        layer_norm(relu(linear(x, w.linear)), w.norm)
    }

    fn transform_edges(
        maps: Tensor<{ ENCODER_LAYERS * ENCODER_HEADS }, R, R>,
        w: Transform<{ ENCODER_LAYERS * ENCODER_HEADS }>,
    ) -> Tensor<R, R, C_NODE> {
        layer_norm(relu(linear(rearrange("m i j -> i j m", maps), w.linear)), w.norm)
    }

    /// The gate of a residual: how much of the new, how much of the old.
    pub struct Gate {
        #[name = "proj.0"]
        linear: LinearNoBias<{ 3 * C_NODE }, 1>,
    }

    fn gated_residual(new: Tensor<R, C_NODE>, old: Tensor<R, C_NODE>, w: Gate) -> Tensor<R, C_NODE> {
        let gate = sigmoid(linear(concat(new, old, new - old, axis = 1), w.linear));
        new * gate + old * (1.0 - gate)
    }

    /// Attention of nodes to nodes over edges.
    pub struct NodeAttention {
        norm: LayerNorm<C_NODE>,
        #[name = "fn"]
        attention: NodeProjections,
    }

    /// Its projections: keys come before values.
    pub struct NodeProjections {
        to_q: Linear<C_NODE, { NODE_HEADS * C_NODE_HEAD }>,
        to_kv: Linear<C_NODE, { 2 * NODE_HEADS * C_NODE_HEAD }>,
        edges_to_kv: Linear<C_NODE, { NODE_HEADS * C_NODE_HEAD }>,
        to_out: Linear<{ NODE_HEADS * C_NODE_HEAD }, C_NODE>,
    }

    /// The projection of an edge is part of the key and of the value.
    pub fn attend_nodes(x: Tensor<R, C_NODE>, edges: Tensor<R, R, C_NODE>, w: NodeProjections) -> Tensor<R, C_NODE> {
        let q = rearrange("i (h d) -> i h d", linear(x, w.to_q), h = NODE_HEADS) * (1.0 / sqrt(C_NODE_HEAD));
        let kv = rearrange("j (n h d) -> n j h d", linear(x, w.to_kv), n = 2, h = NODE_HEADS);
        let (k, v) = (pick(kv, 0, 0), pick(kv, 0, 1));
        let edge = rearrange("i j (h d) -> i j h d", linear(edges, w.edges_to_kv), h = NODE_HEADS);
        let weights = softmax(einsum("ihd,jhd->hij", q, k) + einsum("ihd,ijhd->hij", q, edge), over = 2);
        let o = einsum("hij,jhd->ihd", weights, v) + einsum("hij,ijhd->ihd", weights, edge);
        linear(rearrange("i h d -> i (h d)", o), w.to_out)
    }

    /// A node's perceptron.
    pub struct NodeTransition {
        norm: LayerNorm<C_NODE>,
        #[name = "fn.0"]
        linear_1: Linear<C_NODE, C_FEED>,
        #[name = "fn.2"]
        linear_2: Linear<C_FEED, C_NODE>,
    }

    /// The update of nodes.
    pub struct GraphTransformer {
        #[name = "0.0"]
        attention: NodeAttention,
        #[name = "0.1"]
        attention_gate: Gate,
        #[name = "1.0"]
        transition: NodeTransition,
        #[name = "1.1"]
        transition_gate: Gate,
    }

    fn update_nodes(
        mut nodes: Tensor<R, C_NODE>,
        edges: Tensor<R, R, C_NODE>,
        w: GraphTransformer,
    ) -> Tensor<R, C_NODE> {
        let update = attend_nodes(layer_norm(nodes, w.attention.norm), edges, w.attention.attention);
        nodes = gated_residual(update, nodes, w.attention_gate);
        let hidden = gelu(linear(layer_norm(nodes, w.transition.norm), w.transition.linear_1));
        gated_residual(linear(hidden, w.transition.linear_2), nodes, w.transition_gate)
    }

    /// Triangle multiplication.
    pub struct TriangleMultiplication {
        norm: LayerNorm<C_NODE>,
        left_proj: Linear<C_NODE, C_TRIANGLE>,
        right_proj: Linear<C_NODE, C_TRIANGLE>,
        left_gate: Linear<C_NODE, C_TRIANGLE>,
        right_gate: Linear<C_NODE, C_TRIANGLE>,
        out_gate: Linear<C_NODE, C_NODE>,
        to_out_norm: LayerNorm<C_TRIANGLE>,
        to_out: Linear<C_TRIANGLE, C_NODE>,
    }

    fn multiply(edges: Tensor<R, R, C_NODE>, outgoing: bool, w: TriangleMultiplication) -> Tensor<R, R, C_NODE> {
        let x = unsqueeze(layer_norm(edges, w.norm), 0);
        let left = gated_linear(x, None, w.left_proj, w.left_gate);
        let right = gated_linear(x, None, w.right_proj, w.right_gate);
        // Of the edges that enter, it is the right one that carries i.
        let sum = if outgoing { multiply_edges_out(left, right) } else { multiply_edges_in(right, left) };
        squeeze(finish(x, sum, w.to_out_norm, w.to_out, w.out_gate), 0)
    }

    /// Nodes, then edges.
    pub struct Block {
        #[name = "0.layers.0"]
        nodes: GraphTransformer,
        #[name = "1"]
        outgoing: TriangleMultiplication,
        #[name = "2"]
        incoming: TriangleMultiplication,
    }

    /// The blocks.
    pub struct Blocks {
        layers: [Block; BLOCKS],
    }

    /// Projections of point attention with `H` heads.
    pub struct PointProjections<const H: usize> {
        to_scalar_q: LinearNoBias<C_NODE, { H * C_SCALAR }>,
        to_scalar_k: LinearNoBias<C_NODE, { H * C_SCALAR }>,
        to_scalar_v: LinearNoBias<C_NODE, { H * C_SCALAR }>,
        to_point_q: LinearNoBias<C_NODE, { H * POINTS * 3 }>,
        to_point_k: LinearNoBias<C_NODE, { H * POINTS * 3 }>,
        to_point_v: LinearNoBias<C_NODE, { H * POINTS * 3 }>,
        #[name = "to_pairwise_attn_bias.0"]
        edge_bias: Linear<C_NODE, H>,
        point_weights: Tensor<H>,
        to_out: Linear<{ H * (C_SCALAR + 4 * POINTS + C_NODE) }, C_NODE>,
    }

    /// A node's perceptron with two hidden layers.
    pub struct Transition {
        #[name = "0"]
        linear_1: Linear<C_NODE, C_NODE>,
        #[name = "2"]
        linear_2: Linear<C_NODE, C_NODE>,
        #[name = "4"]
        linear_3: Linear<C_NODE, C_NODE>,
    }

    /// Point attention and what follows it, normed after each residual.
    pub struct PointLayer<const H: usize> {
        attn: PointProjections<H>,
        attn_norm: LayerNorm<C_NODE>,
        ff: Transition,
        ff_norm: LayerNorm<C_NODE>,
    }

    /// Layers of it.
    pub struct TemplateLayers {
        layers: [PointLayer<POINT_HEADS>; TEMPLATE_LAYERS],
    }

    /// Layers of it before the predicted error.
    pub struct ErrorLayers {
        layers: [PointLayer<ERROR_HEADS>; ERROR_LAYERS],
    }

    /// Point attention, and how far each residue then moves.
    pub struct StructureLayer {
        #[name = "0"]
        attention: PointLayer<POINT_HEADS>,
        #[name = "1"]
        motion: Linear<C_NODE, 6>,
    }

    /// Layers of it.
    pub struct StructureLayers {
        layers: [StructureLayer; STRUCTURE_LAYERS],
    }

    /// Invariant point attention and a perceptron; without a template every residue is attended to alike.
    fn attend_points<const H: usize>(
        mut nodes: Tensor<R, C_NODE>,
        edges: Tensor<R, R, C_NODE>,
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
        alike: bool,
        w: PointLayer<H>,
    ) -> Tensor<R, C_NODE> {
        let a = w.attn;
        let v = rearrange("r (h d) -> r h d", linear(nodes, a.to_scalar_v), d = C_SCALAR);
        let local = rearrange("r (h p a) -> r h p a", linear(nodes, a.to_point_v), p = POINTS, a = 3);
        let points = to_world(local, rotation, translation);
        let weights = if alike {
            full(1.0 / number(R), shape = [H, R, R])
        } else {
            let q = rearrange("r (h d) -> r h d", linear(nodes, a.to_scalar_q), d = C_SCALAR);
            let k = rearrange("r (h d) -> r h d", linear(nodes, a.to_scalar_k), d = C_SCALAR);
            let local_q = rearrange("r (h p a) -> r h p a", linear(nodes, a.to_point_q), p = POINTS, a = 3);
            let local_k = rearrange("r (h p a) -> r h p a", linear(nodes, a.to_point_k), p = POINTS, a = 3);
            let points_q = to_world(local_q, rotation, translation);
            let points_k = to_world(local_k, rotation, translation);
            // Variances of the three terms: scalars, edges, points.
            let scalar = einsum("ihd,jhd->hij", q, k) * (1.0 / sqrt(3 * C_SCALAR));
            let edge = rearrange("i j h -> h i j", linear(edges, a.edge_bias)) * (1.0 / sqrt(3));
            let weight = softplus(a.point_weights) * (0.5 / sqrt(13.5 * number(POINTS)));
            let near = squared_distances(points_q, points_k) * rearrange("h -> h 1 1", weight);
            softmax(scalar + edge - near, over = 2)
        };
        let (scalar, point, length, pair) = gather_by(weights, v, points, edges, rotation, translation);
        let gathered = concat(
            rearrange("r h d -> r (h d)", scalar),
            rearrange("r h p x -> r (h p x)", point),
            rearrange("r h p -> r (h p)", length),
            rearrange("r h c -> r (h c)", pair),
            axis = 1,
        );
        nodes = layer_norm(nodes + linear(gathered, a.to_out), w.attn_norm);
        let hidden = relu(linear(relu(linear(nodes, w.ff.linear_1)), w.ff.linear_2));
        layer_norm(nodes + linear(hidden, w.ff.linear_3), w.ff_norm)
    }

    /// One trained model.
    pub struct IgFold {
        str_node_transform: Transform<C_TOKEN>,
        str_edge_transform: Transform<{ ENCODER_LAYERS * ENCODER_HEADS }>,
        main_block: Blocks,
        template_ipa: TemplateLayers,
        structure_ipa: StructureLayers,
        dev_node_transform: Transform<C_TOKEN>,
        dev_edge_transform: Transform<{ ENCODER_LAYERS * ENCODER_HEADS }>,
        dev_ipa: ErrorLayers,
        dev_linear: Linear<C_NODE, 4>,
    }

    /// N, CA, C and CB of a residue whose frame is the world's, in ångströms: ideal lengths and angles.
    fn ideal_atoms() -> Tensor<4, 3> {
        let zero = full(0.0, shape = [1]);
        let n = concat(zero, zero, full(-1.458, shape = [1]), axis = 0);
        let ca = concat(zero, zero, zero, axis = 0);
        let c = concat(
            full(-1.1932345, shape = [1]),
            full(-0.7685408, shape = [1]),
            full(0.5512627, shape = [1]),
            axis = 0,
        );
        let cb = concat(zero, full(1.426, shape = [1]), full(0.531, shape = [1]), axis = 0);
        stack(n, ca, c, cb, axis = 0)
    }

    /// Each residue's N, CA, C and CB in ångströms, and the error that the model expects of each.
    pub fn igfold(
        tokens: Tensor<R, C_TOKEN>,
        maps: Tensor<{ ENCODER_LAYERS * ENCODER_HEADS }, R, R>,
        w: IgFold,
    ) -> (Tensor<R, 4, 3>, Tensor<R, 4>) {
        let mut nodes = transform_nodes(tokens, w.str_node_transform);
        let mut edges = transform_edges(maps, w.str_edge_transform);
        for block in w.main_block.layers {
            nodes = update_nodes(nodes, edges, block.nodes);
            edges = edges + multiply(edges, true, block.outgoing);
            edges = edges + multiply(edges, false, block.incoming);
        }
        let mut turn = concat(full(1.0, shape = [R, 1]), full(0.0, shape = [R, 3]), axis = 1);
        let mut translation = full(0.0, shape = [R, 3]);
        let fixed = rotations(turn);
        for layer in w.template_ipa.layers {
            nodes = attend_points(nodes, edges, fixed, translation, true, layer);
        }
        for layer in w.structure_ipa.layers {
            // Frames turn rows, not columns.
            let rotation = transpose(rotations(turn), 1, 2);
            nodes = attend_points(nodes, edges, rotation, translation, false, layer.attention);
            let motion = linear(nodes, layer.motion);
            let by = concat(full(1.0, shape = [R, 1]), slice(motion, 1, 0, 3), axis = 1);
            let turned = product(turn, by);
            turn = select(slice(turned, 1, 0, 1) < 0.0, -turned, turned);
            translation = translation + einsum("rab,rb->ra", rotation, slice(motion, 1, 3, 6));
        }
        let rotation = transpose(rotations(turn), 1, 2);
        let coordinates = einsum("rxy,ay->rax", rotation, ideal_atoms()) + unsqueeze(translation, 1);
        let mut about = transform_nodes(tokens, w.dev_node_transform);
        let about_edges = transform_edges(maps, w.dev_edge_transform);
        for layer in w.dev_ipa.layers {
            about = attend_points(about, about_edges, rotation, translation, false, layer);
        }
        let error = relu(linear(about, w.dev_linear));
        (coordinates, error)
    }
}
