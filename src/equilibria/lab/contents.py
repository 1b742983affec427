"""The experiments by chapter: question and time of each. The list needs no torch; a module is imported when played."""

from typing import NamedTuple

from ..drawing.figure import Text

CHAPTERS = (
    Text("What a critic knows", "判别器知道什么"),
    Text("Which divergence, which mistakes", "哪种散度，哪种错误"),
    Text("The Wasserstein critic", "Wasserstein 判别器"),
    Text("Does the game end?", "博弈会结束吗"),
    Text("Codes and pictures", "编码与图像"),
)


class Entry(NamedTuple):
    """A line of the list: its chapter (from 1), its question, and the CPU seconds of its quick form."""

    chapter: int
    question: Text
    seconds: int


CONTENTS = {
    "optimal-critic": Entry(1, Text("What does the best discriminator know?", "最好的判别器知道什么？"), 2),
    "vanishing-gradient": Entry(
        1, Text("Why does the first GAN's gradient vanish?", "为什么最早的 GAN 会梯度消失？"), 5
    ),
    "parallel-lines": Entry(
        1, Text("Why is the Jensen-Shannon divergence blind to distance?", "为什么 JS 散度对距离视而不见？"), 4
    ),
    "thin-manifolds": Entry(1, Text("Will generator and data ever overlap?", "生成分布与真实分布会重叠吗？"), 4),
    "minus-log-d": Entry(1, Text("What does the -log D trick really minimize?", "−log D 技巧到底在最小化什么？"), 1),
    "kl-asymmetry": Entry(
        2,
        Text(
            "Why does one Gaussian cover both peaks, or choose one?",
            "一个高斯为什么有时盖住两个峰、有时只选一个？",
        ),
        2,
    ),
    "f-divergences": Entry(2, Text("Does it matter which divergence a GAN minimizes?", "GAN 用哪种散度有区别吗？"), 40),
    "lost-modes": Entry(2, Text("Which games find all eight islands?", "哪些 GAN 能找全八个岛？"), 36),
    "wasserstein-progress": Entry(
        3, Text("Can a loss say how far training has come?", "损失能不能反映训练的进度？"), 37
    ),
    "value-surfaces": Entry(3, Text("What does a clipped critic see?", "被裁剪的判别器眼里的世界是什么样？"), 50),
    "clipping-depth": Entry(3, Text("What does clipping do to a deep critic?", "权重裁剪对深层判别器做了什么？"), 10),
    "adam-cosine": Entry(3, Text("Why did the WGAN drop Adam?", "为什么 WGAN 弃用 Adam？"), 14),
    "coupled-critic": Entry(
        3,
        Text(
            "Why no batch norm in a critic with a gradient penalty?",
            "为什么带梯度惩罚的判别器不能用 BatchNorm？",
        ),
        1,
    ),
    "two-penalties": Entry(
        3, Text("Which gradient norm does each penalty want?", "两种惩罚各自要求怎样的梯度范数？"), 14
    ),
    "dirac": Entry(4, Text("Do GANs converge?", "GAN 会收敛吗？"), 9),
    "reparametrization": Entry(5, Text("How can a gradient pass through a draw?", "梯度怎样穿过一次采样？"), 1),
    "blur": Entry(5, Text("Why do VAEs blur and GANs not?", "为什么 VAE 模糊而 GAN 锐利？"), 17),
    "latent-arithmetic": Entry(
        5, Text('Is "smiling woman - woman + man" a smiling man?', "隐空间里的加减法有意义吗？"), 58
    ),
}
