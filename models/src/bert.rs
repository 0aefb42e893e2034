//! A BERT encoder: token embeddings, post-norm layers, and what is made of the last one.

/// BERT (Devlin et al. 2019) under the usual checkpoint names.
#[crease::model]
pub mod bert {
    /// Tokens, the opening and the closing one included.
    type N = Axis;
    /// Width of a token.
    const C_TOKEN: usize = 512;
    /// Heads of a layer.
    const ENCODER_HEADS: usize = 8;
    /// Channels of a head.
    const C_ENCODER_HEAD: usize = 64;
    /// Hidden width of a layer's perceptron.
    const C_ENCODER_INNER: usize = 2048;
    /// Layers.
    const ENCODER_LAYERS: usize = 8;
    /// Tokens that there are.
    const VOCABULARY: usize = 25;
    /// Longest text, in tokens.
    const POSITIONS: usize = 512;
    /// Kinds of segment; every token here is of the first.
    const SEGMENTS: usize = 2;
    /// Added to variances.
    const ENCODER_EPS: f32 = 1e-12;

    /// A vector for each of `K` things.
    pub struct Embedding<const K: usize> {
        weight: Tensor<K, C_TOKEN>,
    }

    /// What a token is, where it stands and in which segment.
    pub struct Embeddings {
        word_embeddings: Embedding<VOCABULARY>,
        position_embeddings: Embedding<POSITIONS>,
        token_type_embeddings: Embedding<SEGMENTS>,
        #[name = "LayerNorm"]
        layer_norm: LayerNorm<C_TOKEN>,
    }

    /// Projections of `ENCODER_HEADS` heads; head is the slow part of a channel.
    pub struct Projections {
        query: Linear<C_TOKEN, { ENCODER_HEADS * C_ENCODER_HEAD }>,
        key: Linear<C_TOKEN, { ENCODER_HEADS * C_ENCODER_HEAD }>,
        value: Linear<C_TOKEN, { ENCODER_HEADS * C_ENCODER_HEAD }>,
    }

    /// A linear layer whose result is added to what came in, and the norm after that.
    pub struct Output<const I: usize> {
        dense: Linear<I, C_TOKEN>,
        #[name = "LayerNorm"]
        layer_norm: LayerNorm<C_TOKEN>,
    }

    /// Attention of a layer.
    pub struct Attention {
        #[name = "self"]
        projections: Projections,
        output: Output<{ ENCODER_HEADS * C_ENCODER_HEAD }>,
    }

    /// The first half of a layer's perceptron.
    pub struct Intermediate {
        dense: Linear<C_TOKEN, C_ENCODER_INNER>,
    }

    /// One layer.
    pub struct Layer {
        attention: Attention,
        intermediate: Intermediate,
        output: Output<C_ENCODER_INNER>,
    }

    /// The layers.
    pub struct Layers {
        layer: [Layer; ENCODER_LAYERS],
    }

    /// The encoder.
    pub struct Encoder {
        embeddings: Embeddings,
        encoder: Layers,
    }

    fn embed(tokens: Tensor<N>, w: Embeddings) -> Tensor<N, C_TOKEN> {
        let word = gather(w.word_embeddings.weight, 0, tokens);
        let position = slice(w.position_embeddings.weight, 0, 0, N);
        let segment = pick(w.token_type_embeddings.weight, 0, 0);
        layer_norm(word + position + segment, w.layer_norm, eps = ENCODER_EPS)
    }

    fn attention_weights(x: Tensor<N, C_TOKEN>, w: Projections) -> Tensor<ENCODER_HEADS, N, N> {
        let q = rearrange("n (h d) -> n h d", linear(x, w.query), h = ENCODER_HEADS);
        let k = rearrange("n (h d) -> n h d", linear(x, w.key), h = ENCODER_HEADS);
        softmax(einsum("ihd,jhd->hij", q, k) * (1.0 / sqrt(C_ENCODER_HEAD)), over = 2)
    }

    fn finish(mut x: Tensor<N, C_TOKEN>, weights: Tensor<ENCODER_HEADS, N, N>, w: Layer) -> Tensor<N, C_TOKEN> {
        let v = rearrange("n (h d) -> n h d", linear(x, w.attention.projections.value), h = ENCODER_HEADS);
        let o = rearrange("n h d -> n (h d)", einsum("hij,jhd->ihd", weights, v));
        x = layer_norm(x + linear(o, w.attention.output.dense), w.attention.output.layer_norm, eps = ENCODER_EPS);
        let hidden = gelu(linear(x, w.intermediate.dense));
        layer_norm(x + linear(hidden, w.output.dense), w.output.layer_norm, eps = ENCODER_EPS)
    }

    /// The last layer's vector of each token.
    pub fn encode(tokens: Tensor<N>, w: Encoder) -> Tensor<N, C_TOKEN> {
        let mut x = embed(tokens, w.embeddings);
        for layer in w.encoder.layer {
            x = finish(x, attention_weights(x, layer.attention.projections), layer);
            record("hidden", x);
        }
        x
    }

    /// The last layer's vector of each token, and the attention of every head of every layer, the layer slow.
    pub fn encode_with_maps(
        tokens: Tensor<N>,
        w: Encoder,
    ) -> (Tensor<N, C_TOKEN>, Tensor<{ ENCODER_LAYERS * ENCODER_HEADS }, N, N>) {
        let mut x = embed(tokens, w.embeddings);
        let mut maps = full(0.0, shape = [ENCODER_LAYERS * ENCODER_HEADS, N, N]);
        for layer in w.encoder.layer {
            let weights = attention_weights(x, layer.attention.projections);
            // The newest stand last: after all layers the zeros are gone.
            maps = concat(slice(maps, 0, ENCODER_HEADS, ENCODER_LAYERS * ENCODER_HEADS), weights, axis = 0);
            x = finish(x, weights, layer);
        }
        (x, maps)
    }

    /// One vector of length 1 for a text: the mean over its tokens (Reimers and Gurevych 2019).
    pub fn sentence_embedding(tokens: Tensor<N>, w: Encoder) -> Tensor<C_TOKEN> {
        let pooled = mean(encode(tokens, w), over = 0);
        pooled / max(sqrt(sum(pooled * pooled, over = 0)), 1e-12)
    }
}
